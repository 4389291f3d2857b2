package blob_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"grenier/internal/blob"
	"grenier/internal/blob/blobtest"
)

// stores are one of each kind.
func stores(t *testing.T) map[string]blob.Store {
	t.Helper()
	all := map[string]blob.Store{}
	for name, address := range map[string]string{"folder": (&url.URL{Scheme: "file", Path: t.TempDir()}).String(), "s3": blobtest.S3(t)} {
		store, err := blob.Open(address, "", 0)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = store
	}
	return all
}

// bytesOf are n bytes that differ with the seed.
func bytesOf(n int, seed uint64) []byte {
	body := make([]byte, n)
	var key [32]byte
	key[0] = byte(seed)
	_, _ = rand.NewChaCha8(key).Read(body)
	return body
}

func keyOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

func read(t *testing.T, store blob.Store, key string, offset, length int64) []byte {
	t.Helper()
	r, err := store.Open(t.Context(), key, offset, length)
	if err != nil {
		t.Fatalf("%s from %d: %v", key, offset, err)
	}
	body, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	return body
}

const mega = 1 << 20

// TestStores holds every kind of store to the same promises.
func TestStores(t *testing.T) {
	for name, store := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Run("put", func(t *testing.T) { testPut(t, store) })
			t.Run("list", func(t *testing.T) { testList(t, store) })
			t.Run("unknown size", func(t *testing.T) { testUnknownSize(t, store) })
			t.Run("parts", func(t *testing.T) { testParts(t, store) })
			t.Run("hostile", func(t *testing.T) { testHostile(t, store) })
		})
	}
}

func testPut(t *testing.T, store blob.Store) {
	ctx := t.Context()
	for i, size := range []int{0, 10, 5*mega - 1, 5*mega + 1, 20 * mega} {
		body := bytesOf(size, uint64(i))
		key := keyOf(body)
		if _, err := store.Stat(ctx, key); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("%d bytes that were not put: %v", size, err)
		}
		if err := store.Put(ctx, key, bytes.NewReader(body), int64(size)); err != nil {
			t.Fatalf("%d bytes: %v", size, err)
		}
		if err := store.Put(ctx, key, iotest.ErrReader(errors.New("read again")), int64(size)); err != nil {
			t.Errorf("what is there was written again: %v", err)
		}
		if info, err := store.Stat(ctx, key); err != nil || info.Size != int64(size) || info.Key != key {
			t.Errorf("%d bytes are told as %+v, %v", size, info, err)
		}
		if got := keyOf(read(t, store, key, 0, -1)); got != key {
			t.Errorf("%d bytes came back as %s instead of %s", size, got, key)
		}
		if size > 20 && !bytes.Equal(read(t, store, key, 7, 5), body[7:12]) {
			t.Errorf("a range of %d bytes differs", size)
		}
		if size > 0 && !bytes.Equal(read(t, store, key, int64(size)-3, -1), body[size-3:]) {
			t.Errorf("the end of %d bytes differs", size)
		}
		if len(read(t, store, key, 0, 0)) != 0 {
			t.Error("an empty range has bytes")
		}
		if err := errors.Join(store.Delete(ctx, key), store.Delete(ctx, key)); err != nil {
			t.Errorf("deleting: %v", err)
		}
		if _, err := store.Open(ctx, key, 0, -1); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("what was deleted opens: %v", err)
		}
	}
	short := keyOf([]byte("short"))
	if err := store.Put(ctx, short, strings.NewReader("short"), 6); err == nil {
		t.Error("fewer bytes than announced were kept")
	}
	if _, err := store.Stat(ctx, short); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("a failed put left something: %v", err)
	}
}

func testList(t *testing.T, store blob.Store) {
	ctx := t.Context()
	var want []string
	for i := range 30 {
		body := fmt.Appendf(nil, "listed %d", i)
		want = append(want, keyOf(body))
		if err := store.Put(ctx, keyOf(body), bytes.NewReader(body), int64(len(body))); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(want)
	var got []string
	after := ""
	for {
		page, err := store.List(ctx, "", after, 7)
		if err != nil {
			t.Fatal(err)
		}
		for _, info := range page {
			got = append(got, info.Key)
		}
		if len(page) < 7 {
			break
		}
		after = page[len(page)-1].Key
	}
	if !slices.Equal(got, want) {
		t.Errorf("listed %d keys, want %d in order", len(got), len(want))
	}
	some, err := store.List(ctx, want[3][:5], "", 10)
	if err != nil || len(some) != 1 || some[0].Key != want[3] {
		t.Errorf("by prefix: %v, %v", some, err)
	}
	for _, key := range want {
		if err := store.Delete(ctx, key); err != nil {
			t.Fatal(err)
		}
	}
}

func testUnknownSize(t *testing.T, store blob.Store) {
	for i, size := range []int{0, 10, 5*mega + 1, 17 * mega} {
		body := bytesOf(size, uint64(40+i))
		stage := fmt.Sprintf("unknown-%d", i)
		n, err := store.Stage(t.Context(), stage, blob.Part{}, iotest.OneByteReader(bytes.NewReader(body[:min(size, 100)])))
		if err != nil || n != int64(min(size, 100)) {
			t.Fatalf("%d bytes: wrote %d, %v", size, n, err)
		}
		if n, err = store.Stage(t.Context(), stage, blob.Part{}, bytes.NewReader(body)); err != nil || n != int64(size) {
			t.Fatalf("%d bytes: wrote %d, %v", size, n, err)
		}
		if err := store.Keep(t.Context(), stage, []blob.Part{{Size: n}}, keyOf(body)); err != nil {
			t.Fatal(err)
		}
		if got := keyOf(read(t, store, keyOf(body), 0, -1)); got != keyOf(body) {
			t.Errorf("%d bytes of unknown size came back changed", size)
		}
	}
}

// testParts writes parts in any order, twice and at once.
func testParts(t *testing.T, store blob.Store) {
	ctx := t.Context()
	const size = mega
	body := bytesOf(5*size+77, 60)
	var parts []blob.Part
	for at := 0; at < len(body); at += size {
		parts = append(parts, blob.Part{Number: len(parts), Offset: int64(at), Size: int64(min(size, len(body)-at))})
	}
	order := append(slices.Clone(parts), parts...)
	rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	var work sync.WaitGroup
	for _, part := range order {
		work.Go(func() {
			n, err := store.Stage(ctx, "parts", part, bytes.NewReader(body[part.Offset:part.Offset+part.Size]))
			if err != nil || n != part.Size {
				t.Errorf("part %d: %d bytes, %v", part.Number, n, err)
			}
		})
	}
	work.Wait()
	cut := errors.New("cut")
	if _, err := store.Stage(ctx, "parts", parts[0], iotest.ErrReader(cut)); !errors.Is(err, cut) {
		t.Errorf("a part that was cut: %v", err)
	}
	staged, err := store.Stages(ctx, "", 10)
	if err != nil || len(staged) != 1 || staged[0].Key != "parts" {
		t.Errorf("uploads: %v, %v", staged, err)
	}
	if more, err := store.Stages(ctx, "parts", 10); err != nil || len(more) != 0 {
		t.Errorf("uploads after the last: %v, %v", more, err)
	}
	if err := store.Seal(ctx, "parts"); err != nil {
		t.Fatal(err)
	}
	whole, err := store.OpenStage(ctx, "parts", parts)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(whole)
	if err := errors.Join(err, whole.Close()); err != nil || !bytes.Equal(got, body) {
		t.Fatalf("the parts are not the whole: %d bytes, %v", len(got), err)
	}
	if err := store.Keep(ctx, "parts", parts, keyOf(body)); err != nil {
		t.Fatal(err)
	}
	if got := keyOf(read(t, store, keyOf(body), 0, -1)); got != keyOf(body) {
		t.Error("the whole came back changed")
	}
	if left, err := store.Stages(ctx, "", 10); err != nil || len(left) != 0 {
		t.Errorf("the upload is still there: %v, %v", left, err)
	}
	if err := store.Drop(ctx, "parts"); err != nil {
		t.Errorf("dropping what is gone: %v", err)
	}
	gap := []blob.Part{parts[0], parts[2]}
	if _, err := store.OpenStage(ctx, "parts", gap); err == nil {
		t.Error("parts with a gap between them open")
	}
}

func testHostile(t *testing.T, store blob.Store) {
	ctx := context.Background()
	for _, key := range []string{"", "..", "../../etc/passwd", strings.Repeat("A", 64), strings.Repeat("a", 63), strings.Repeat("a", 62) + "/.", "a\x00"} {
		if err := store.Put(ctx, key, strings.NewReader("x"), 1); err == nil {
			t.Errorf("the key %q was taken", key)
		}
		if _, err := store.Open(ctx, key, 0, -1); err == nil {
			t.Errorf("the key %q opens", key)
		}
		if err := store.Delete(ctx, key); err == nil {
			t.Errorf("the key %q is deleted", key)
		}
	}
	for _, stage := range []string{"", "..", "../x", "a/b", "A", strings.Repeat("a", 101), "a\x00"} {
		if _, err := store.Stage(ctx, stage, blob.Part{}, strings.NewReader("x")); err == nil {
			t.Errorf("the upload %q was taken", stage)
		}
		if err := store.Drop(ctx, stage); err == nil {
			t.Errorf("the upload %q is dropped", stage)
		}
	}
}

// TestSealedFolder: who writes into an upload while it is put together changes
// nothing.
func TestSealedFolder(t *testing.T) {
	store, err := blob.OpenFolder(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	body := bytesOf(3*mega, 1)
	parts := []blob.Part{{Size: int64(len(body))}}
	if _, err := store.Stage(ctx, "late", parts[0], bytes.NewReader(body)); err != nil {
		t.Fatal(err)
	}
	reader, writer := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, err := store.Stage(ctx, "late", parts[0], reader)
		_ = reader.Close() // so that the writer does not wait
		done <- err
	}()
	if _, err := writer.Write(body[:mega]); err != nil { // the same bytes, so far
		t.Fatal(err)
	}
	if err := store.Seal(ctx, "late"); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Stage(ctx, "late", parts[0], strings.NewReader("later")); !errors.Is(err, blob.ErrSealed) {
		t.Errorf("a part was taken after the end: %v", err)
	}
	if err := store.Keep(ctx, "late", parts, keyOf(body)); err != nil {
		t.Fatal(err)
	}
	_, _ = writer.Write(bytesOf(2*mega, 2)) // the other end may be closed
	_ = writer.Close()
	if err := <-done; !errors.Is(err, blob.ErrSealed) {
		t.Errorf("the part in flight ended with %v", err)
	}
	if got := keyOf(read(t, store, keyOf(body), 0, -1)); got != keyOf(body) {
		t.Error("what was kept was written over")
	}
}

// TestLatePart: a part that comes once its upload was summed up is never kept under
// the key of what it was.
func TestLatePart(t *testing.T) {
	for name, store := range stores(t) {
		body, other := bytesOf(1000, 1), bytesOf(1000, 2)
		parts := []blob.Part{{Size: int64(len(body))}}
		if _, err := store.Stage(t.Context(), "late", parts[0], bytes.NewReader(body)); err != nil {
			t.Fatal(err)
		}
		if err := store.Seal(t.Context(), "late"); err != nil {
			t.Fatal(err)
		}
		_, late := store.Stage(t.Context(), "late", parts[0], bytes.NewReader(other))
		err := store.Keep(t.Context(), "late", parts, keyOf(body))
		if !errors.Is(late, blob.ErrSealed) && !errors.Is(err, blob.ErrChanged) {
			t.Errorf("%s takes the late part (%v) and keeps it (%v)", name, late, err)
		}
		if err == nil && keyOf(read(t, store, keyOf(body), 0, -1)) != keyOf(body) {
			t.Errorf("%s keeps other bytes under a key", name)
		}
	}
}

// TestTry: a store that cannot be used is told at once, by what is wrong and without its secret.
func TestTry(t *testing.T) {
	for name, store := range stores(t) {
		if err := blob.Try(t.Context(), store); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	good := blobtest.S3(t)
	denying := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `<?xml version="1.0"?><Error><Code>SignatureDoesNotMatch</Code><Message>no</Message></Error>`)
	}))
	defer denying.Close()
	silent, stop := net.Listen("tcp", "127.0.0.1:0")
	if stop != nil {
		t.Fatal(stop)
	}
	defer silent.Close()
	for _, c := range []struct{ address, want string }{
		{strings.Replace(good, "/grenier?", "/other?", 1), "no such bucket"},
		{"s3+http://key:secret@" + denying.Listener.Addr().String() + "/grenier?region=us-east-1", "refuses the key or the secret"},
		{"s3+http://key:secret@127.0.0.1:1/grenier?region=us-east-1", "connection refused"},
		{"s3+http://key:secret@" + silent.Addr().String() + "/grenier?region=us-east-1", "did not answer"},
	} {
		store, err := blob.Open(c.address, "", 0)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		err = blob.Try(ctx, store)
		cancel()
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret@") {
			t.Errorf("%s: %v, want %q", c.address, err, c.want)
		}
	}
}

// TestFolderLeavesRoom: what would leave less than the reserve is refused before it is written, and while it
// comes when nobody said how long it is.
func TestFolderLeavesRoom(t *testing.T) {
	root := t.TempDir()
	full, err := blob.OpenFolder(root, 1<<60)
	if err != nil {
		t.Fatal(err)
	}
	body := bytesOf(3*mega, 1)
	if _, err := full.Stage(t.Context(), "part", blob.Part{}, bytes.NewReader(body)); !errors.Is(err, blob.ErrFull) {
		t.Errorf("a part: %v", err)
	}
	if err := full.Put(t.Context(), keyOf(body), bytes.NewReader(body), int64(len(body))); !errors.Is(err, blob.ErrFull) {
		t.Errorf("a file: %v", err)
	}
	free, err := blob.OpenFolder(root, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := free.Stage(t.Context(), "part", blob.Part{Size: 1 << 60}, bytes.NewReader(body)); !errors.Is(err, blob.ErrFull) {
		t.Errorf("a part that calls itself longer than the disk: %v", err)
	}
	if _, err := free.Stage(t.Context(), "part", blob.Part{}, bytes.NewReader(body)); err != nil {
		t.Error(err)
	}
	if err := free.Put(t.Context(), keyOf(body), bytes.NewReader(body), int64(len(body))); err != nil {
		t.Error(err)
	}
}
