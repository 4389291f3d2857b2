package portal

import (
	"context"
	"io"

	"grenier/internal/fetch"
)

// fetchedPictures gets pictures from other servers.
type fetchedPictures struct{ client *fetch.Client }

// pictureSourceOf is where pictures are got from: nowhere without a client.
func pictureSourceOf(client *fetch.Client) pictureSource {
	if client == nil {
		return nil
	}
	return fetchedPictures{client}
}

// Get implements pictureSource.
func (f fetchedPictures) Get(ctx context.Context, url string, maxBytes int64) (io.ReadCloser, error) {
	answer, err := f.client.Get(ctx, url, fetch.Request{Accept: "image/webp,image/png,image/jpeg,image/gif", MaxBytes: maxBytes})
	if err != nil {
		return nil, err
	}
	return answer.Body, nil
}
