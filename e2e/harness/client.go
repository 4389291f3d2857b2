package harness

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
)

// Client speaks to a server over HTTP.
type Client struct {
	Base, Token string
	HTTP        *http.Client
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// maxAnswer bounds the answers that tests read.
const maxAnswer = 256 << 20

// Do sends a request with a JSON body, unless it is nil. An error means that no
// whole answer came: what was asked may have been done or not.
func (c *Client) Do(method, path string, body any, headers ...string) (Answer, error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return Answer{}, err
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequest(method, c.Base+path, content)
	if err != nil {
		return Answer{}, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.Token != "" {
		request.Header.Set("X-API-KEY", c.Token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := c.HTTP.Do(request)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return Answer{}, err
	}
	return Answer{Status: response.StatusCode, Header: response.Header, Body: text}, nil
}

// Get reads a JSON document; an error for anything but 200.
func (c *Client) Get(path string, into any) error {
	answer, err := c.Do(http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	if answer.Status != http.StatusOK {
		return fmt.Errorf("GET %s: %d %s", path, answer.Status, brief(answer.Body))
	}
	if err := json.Unmarshal(answer.Body, into); err != nil {
		return fmt.Errorf("GET %s: %w: %s", path, err, brief(answer.Body))
	}
	return nil
}

// MustDo sends a request and fails the test unless the answer has the status;
// it reads the document into into unless that is nil.
func (c *Client) MustDo(t testing.TB, method, path string, body any, status int, into any) {
	t.Helper()
	answer, err := c.Do(method, path, body)
	if err != nil {
		t.Fatal(err)
	}
	if answer.Status != status {
		t.Fatalf("%s %s: %d %s, want %d", method, path, answer.Status, brief(answer.Body), status)
	}
	if into != nil {
		if err := json.Unmarshal(answer.Body, into); err != nil {
			t.Fatalf("%s %s: %v: %s", method, path, err, brief(answer.Body))
		}
	}
}

// Table reads a dump: the rows by the names of the columns.
func (c *Client) Table(path string) ([]map[string]string, error) {
	answer, err := c.Do(http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	if answer.Status != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %d %s", path, answer.Status, brief(answer.Body))
	}
	reader := csv.NewReader(bytes.NewReader(answer.Body))
	reader.Comma = ';'
	records, err := reader.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("GET %s: %w", path, err)
	}
	if len(records) == 0 {
		return nil, fmt.Errorf("GET %s: no header", path)
	}
	rows := make([]map[string]string, 0, len(records)-1)
	for _, record := range records[1:] {
		row := make(map[string]string, len(record))
		for i, cell := range record {
			row[records[0][i]] = cell
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// brief is the beginning of a body, for messages.
func brief(text []byte) string {
	if len(text) > 300 {
		return string(text[:300]) + "…"
	}
	return string(text)
}
