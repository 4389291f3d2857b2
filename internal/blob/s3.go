package blob

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// bucket keeps bytes in a bucket of an S3 service: <prefix>blobs/<key>, the parts
// of uploads each as an object below <prefix>staging/, so that any machine may
// take any part.
type bucket struct {
	core   minio.Core
	trial  minio.Core // the same, soon told that something fails
	name   string
	prefix string
	put    minio.PutObjectOptions
}

// s3PartSize is how much of a long object is sent at once, in bytes: with one
// sender it bounds the memory, and 10,000 of them the object (156 GiB).
const s3PartSize = 16 << 20

// openS3 prepares a client; the service is asked by Try.
func openS3(u *url.URL) (Store, error) {
	secret, _ := u.User.Password()
	options := minio.Options{
		Creds: credentials.NewStaticV4(u.User.Username(), secret, ""), Secure: u.Scheme == "s3", Region: u.Query().Get("region"),
	}
	client, err := minio.New(u.Host, &options)
	if err != nil {
		return nil, fmt.Errorf("blob: the S3 service cannot be used: %w", err)
	}
	options.MaxRetries = 2 // a person waits, and wants to know what is wrong
	hasty, err := minio.New(u.Host, &options)
	if err != nil {
		return nil, fmt.Errorf("blob: the S3 service cannot be used: %w", err)
	}
	b := &bucket{core: minio.Core{Client: client}, trial: minio.Core{Client: hasty}, name: strings.Trim(u.Path, "/"), prefix: strings.Trim(u.Query().Get("prefix"), "/")}
	if b.prefix != "" {
		b.prefix += "/"
	}
	// Over plain HTTP the client would sign parts piece by piece, a framing that
	// services for tests store as content.
	b.put = minio.PutObjectOptions{PartSize: s3PartSize, NumThreads: 1, DisableContentSha256: u.Scheme == "s3+http"}
	return b, nil
}

// tryWithin bounds the wait for a service at the start.
const tryWithin = 15 * time.Second

// try writes, reads and removes a small object: the address, the key, the secret
// and the bucket are right, and this key may do what will be asked of it.
func (b *bucket) try(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, tryWithin)
	defer cancel()
	object := b.prefix + "trial-" + randomName()
	const body = "This file may be removed."
	_, err := b.trial.Client.PutObject(ctx, b.name, object, strings.NewReader(body), int64(len(body)), b.put)
	if err != nil {
		return b.untried("written to", err)
	}
	read, _, _, err := b.trial.GetObject(ctx, b.name, object, minio.GetObjectOptions{})
	if err == nil {
		_, err = io.Copy(io.Discard, io.LimitReader(read, int64(len(body))))
		err = errors.Join(err, read.Close())
	}
	if err != nil {
		return b.untried("read", err)
	}
	for object := range b.trial.Client.ListObjects(ctx, b.name, minio.ListObjectsOptions{Prefix: object, MaxKeys: 1}) {
		err = errors.Join(err, object.Err)
	}
	if err != nil {
		return b.untried("listed", err)
	}
	if err := b.trial.RemoveObject(ctx, b.name, object, minio.RemoveObjectOptions{}); err != nil {
		return b.untried("cleared of a file", err)
	}
	return nil
}

// untried says what is wrong with a service, never its secret.
func (b *bucket) untried(what string, err error) error {
	reason := err.Error()
	switch answer := minio.ToErrorResponse(err); {
	case errors.Is(err, context.DeadlineExceeded):
		reason = "it did not answer within " + tryWithin.String()
	case answer.Code == minio.NoSuchBucket:
		reason = "there is no such bucket"
	case answer.Code == minio.AccessDenied, answer.Code == "InvalidAccessKeyId", answer.Code == "SignatureDoesNotMatch":
		reason = "the service refuses the key or the secret, or the key may not do that (" + answer.Code + ")"
	}
	return fmt.Errorf("blob: the bucket %q at %s cannot be %s: %s", b.name, b.core.Client.EndpointURL().Host, what, reason)
}

func (b *bucket) object(key string) (string, error) {
	if !isKey(key) {
		return "", fmt.Errorf("blob: %q is not a SHA-256 in hex digits", key)
	}
	return b.prefix + "blobs/" + key, nil
}

func (b *bucket) staged(stage string, number int) (string, error) {
	if !isStage(stage) {
		return "", fmt.Errorf("blob: %q is not the name of an upload", stage)
	}
	return fmt.Sprintf("%sstaging/%s/%08d", b.prefix, stage, number), nil
}

// Put implements Store.
func (b *bucket) Put(ctx context.Context, key string, r io.Reader, size int64) error {
	object, err := b.object(key)
	if err != nil {
		return err
	}
	if info, err := b.Stat(ctx, key); err == nil && info.Size == size {
		return nil
	}
	_, err = b.core.Client.PutObject(ctx, b.name, object, r, size, b.put)
	return s3Error(err)
}

// Open implements Store.
func (b *bucket) Open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	object, err := b.object(key)
	if err != nil {
		return nil, err
	}
	return b.open(ctx, object, offset, length)
}

func (b *bucket) open(ctx context.Context, object string, offset, length int64) (io.ReadCloser, error) {
	var options minio.GetObjectOptions
	var err error
	switch {
	case length == 0:
		return http.NoBody, nil
	case length > 0:
		err = options.SetRange(offset, offset+length-1)
	case offset > 0:
		err = options.SetRange(offset, 0)
	}
	if err != nil {
		return nil, err
	}
	body, _, _, err := b.core.GetObject(ctx, b.name, object, options)
	return body, s3Error(err)
}

// Stat implements Store.
func (b *bucket) Stat(ctx context.Context, key string) (Info, error) {
	object, err := b.object(key)
	if err != nil {
		return Info{}, err
	}
	info, err := b.core.StatObject(ctx, b.name, object, minio.StatObjectOptions{})
	return Info{Key: key, Size: info.Size, Modified: info.LastModified}, s3Error(err)
}

// Delete implements Store.
func (b *bucket) Delete(ctx context.Context, key string) error {
	object, err := b.object(key)
	if err != nil {
		return err
	}
	return b.remove(ctx, object)
}

func (b *bucket) remove(ctx context.Context, object string) error {
	err := s3Error(b.core.RemoveObject(ctx, b.name, object, minio.RemoveObjectOptions{}))
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// List implements Store.
func (b *bucket) List(ctx context.Context, prefix, after string, limit int) ([]Info, error) {
	folder := b.prefix + "blobs/"
	var list []Info
	err := b.each(ctx, folder+prefix, folder+after, func(object minio.ObjectInfo) bool {
		key := strings.TrimPrefix(object.Key, folder)
		if isKey(key) && key > after {
			list = append(list, Info{Key: key, Size: object.Size, Modified: object.LastModified})
		}
		return len(list) < limit
	})
	return list, err
}

// each calls fn with the objects of a prefix after a name, until it returns false.
func (b *bucket) each(ctx context.Context, prefix, after string, fn func(minio.ObjectInfo) bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for object := range b.core.Client.ListObjects(ctx, b.name, minio.ListObjectsOptions{Prefix: prefix, StartAfter: after, Recursive: true}) {
		if object.Err != nil {
			return s3Error(object.Err)
		}
		if !fn(object) {
			return nil
		}
	}
	return nil
}

// Stage implements Store: an object for each part.
func (b *bucket) Stage(ctx context.Context, stage string, part Part, r io.Reader) (int64, error) {
	object, err := b.staged(stage, part.Number)
	if err != nil {
		return 0, err
	}
	size := part.Size
	if size <= 0 {
		size = -1
	}
	counted := &counter{in: r}
	ahead := bufio.NewReader(counted)
	if _, err := ahead.Peek(1); err == io.EOF {
		size = 0 // services want this told
	}
	_, err = b.core.Client.PutObject(ctx, b.name, object, ahead, size, b.put)
	if counted.err != nil {
		err = counted.err
	}
	return counted.n, s3Error(err)
}

// counter counts what is read and keeps the error of reading, which the client
// of the service would dress up.
type counter struct {
	in  io.Reader
	n   int64
	err error
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.n += int64(n)
	if err != nil && err != io.EOF {
		c.err = err
	}
	return n, err
}

// Seal implements Store: parts that come late are noticed when they are kept.
func (b *bucket) Seal(context.Context, string) error { return nil }

// Reopen implements Store.
func (b *bucket) Reopen(context.Context, string) error { return nil }

// OpenStage implements Store.
func (b *bucket) OpenStage(ctx context.Context, stage string, parts []Part) (io.ReadCloser, error) {
	if _, err := total(parts); err != nil {
		return nil, err
	}
	if _, err := b.staged(stage, 0); err != nil {
		return nil, err
	}
	return &partReader{ctx: ctx, b: b, stage: stage, left: parts}, nil
}

// partReader reads the objects of parts one after the other.
type partReader struct {
	ctx   context.Context
	b     *bucket
	stage string
	left  []Part
	open  io.ReadCloser
}

func (r *partReader) Read(p []byte) (int, error) {
	for {
		if r.open == nil {
			if len(r.left) == 0 {
				return 0, io.EOF
			}
			object, err := r.b.staged(r.stage, r.left[0].Number)
			if err != nil {
				return 0, err
			}
			if r.open, err = r.b.open(r.ctx, object, 0, r.left[0].Size); err != nil {
				return 0, err
			}
			r.left = r.left[1:]
		}
		n, err := r.open.Read(p)
		if err == io.EOF {
			err = r.Close()
		}
		if n > 0 || err != nil {
			return n, s3Error(err)
		}
	}
}

func (r *partReader) Close() error {
	if r.open == nil {
		return nil
	}
	open := r.open
	r.open = nil
	return open.Close()
}

// s3CopyMost is the largest object that the service copies by itself in one go.
const s3CopyMost = 5 << 30

// Keep implements Store: the service copies a single part by itself, several are
// sent to it as one, and their bytes counted again.
func (b *bucket) Keep(ctx context.Context, stage string, parts []Part, key string) error {
	object, err := b.object(key)
	if err != nil {
		return err
	}
	size, err := total(parts)
	if err != nil {
		return err
	}
	if info, err := b.Stat(ctx, key); err == nil && info.Size == size {
		return b.Drop(ctx, stage)
	}
	if len(parts) == 1 && size < s3CopyMost {
		err = b.copyPart(ctx, stage, parts[0], key, object)
	} else {
		err = b.compose(ctx, stage, parts, size, key, object)
	}
	if err != nil {
		return err
	}
	return b.Drop(ctx, stage)
}

// copyPart sums a part up once more and has the service copy what was summed up: a
// part that came late, while it was put together, must not pass under the key of
// another content.
func (b *bucket) copyPart(ctx context.Context, stage string, part Part, key, object string) error {
	from, err := b.staged(stage, part.Number)
	if err != nil {
		return err
	}
	body, info, _, err := b.core.GetObject(ctx, b.name, from, minio.GetObjectOptions{})
	if err != nil {
		return s3Error(err)
	}
	sum := sha256.New()
	_, err = io.Copy(sum, body)
	if err := errors.Join(err, body.Close()); err != nil {
		return s3Error(err)
	}
	if hex.EncodeToString(sum.Sum(nil)) != key {
		return ErrChanged
	}
	_, err = b.core.Client.CopyObject(ctx, minio.CopyDestOptions{Bucket: b.name, Object: object},
		minio.CopySrcOptions{Bucket: b.name, Object: from, MatchETag: info.ETag})
	if minio.ToErrorResponse(err).StatusCode == http.StatusPreconditionFailed {
		return ErrChanged
	}
	return s3Error(err)
}

func (b *bucket) compose(ctx context.Context, stage string, parts []Part, size int64, key, object string) error {
	whole, err := b.OpenStage(ctx, stage, parts)
	if err != nil {
		return err
	}
	sum := sha256.New()
	_, err = b.core.Client.PutObject(ctx, b.name, object, io.TeeReader(whole, sum), size, b.put)
	if err := s3Error(errors.Join(err, whole.Close())); err != nil {
		return err
	}
	if hex.EncodeToString(sum.Sum(nil)) != key {
		return errors.Join(ErrChanged, b.remove(ctx, object))
	}
	return nil
}

// Drop implements Store.
func (b *bucket) Drop(ctx context.Context, stage string) error {
	if _, err := b.staged(stage, 0); err != nil {
		return err
	}
	var objects []string
	err := b.each(ctx, b.prefix+"staging/"+stage+"/", "", func(object minio.ObjectInfo) bool {
		objects = append(objects, object.Key)
		return true
	})
	if err != nil {
		return err
	}
	for _, object := range objects {
		if err := b.remove(ctx, object); err != nil {
			return err
		}
	}
	return nil
}

// Stages implements Store. The newest part dates an upload.
func (b *bucket) Stages(ctx context.Context, after string, limit int) ([]Info, error) {
	folder := b.prefix + "staging/"
	start := ""
	if after != "" {
		start = folder + after + "0" // behind the last of its parts, whose names go on with a slash
	}
	var list []Info
	err := b.each(ctx, folder, start, func(object minio.ObjectInfo) bool {
		name, _, _ := strings.Cut(strings.TrimPrefix(object.Key, folder), "/")
		if name <= after || !isStage(name) {
			return true
		}
		if len(list) == 0 || list[len(list)-1].Key != name {
			if len(list) == limit {
				return false
			}
			list = append(list, Info{Key: name})
		}
		last := &list[len(list)-1]
		last.Size += object.Size
		if object.LastModified.After(last.Modified) {
			last.Modified = object.LastModified
		}
		return true
	})
	return list, err
}

// s3Error names the errors that callers tell apart.
func s3Error(err error) error {
	if err == nil {
		return nil
	}
	switch answer := minio.ToErrorResponse(err); {
	case answer.Code == minio.NoSuchKey, answer.Code == "NotFound", answer.StatusCode == http.StatusNotFound && answer.Code != minio.NoSuchBucket:
		return ErrNotFound
	case answer.Code == "QuotaExceeded", answer.Code == "XMinioStorageFull", answer.StatusCode == http.StatusInsufficientStorage:
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}
