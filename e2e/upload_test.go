package e2e

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"grenier/e2e/harness"
	"grenier/internal/blob/blobtest"
	"grenier/internal/db/dbtest"
)

// TestUploadOverKills sends a file by parts while the server is killed at random
// points: what was acknowledged stays, the rest is sent again, the file is whole.
func TestUploadOverKills(t *testing.T) {
	t.Run("SQLite and a folder", func(t *testing.T) { uploadOverKills(t, harness.Options{}) })
	t.Run("PostgreSQL and S3", func(t *testing.T) {
		uploadOverKills(t, harness.Options{Database: dbtest.EmptyPostgresURL(t), Blob: blobtest.S3(t)})
	})
}

const (
	uploadParts = 12
	uploadPart  = 1 << 20
)

func uploadOverKills(t *testing.T, options harness.Options) {
	server := harness.Start(t, options)
	u := &upload{server: server, token: server.Token(t, "ada@example.org"), content: make([]byte, uploadParts*uploadPart-77)}
	_, _ = rand.NewChaCha8([32]byte{7}).Read(u.content)
	client := server.Client(u.token)
	var dataset struct{ ID string }
	client.MustDo(t, http.MethodPost, "/api/1/datasets/", map[string]any{"title": "Fichiers", "description": "Des fichiers."}, http.StatusCreated, &dataset)
	u.path = "/api/1/datasets/" + dataset.ID + "/upload/"
	for round := range rounds(3, 30) {
		u.uuid = fmt.Sprintf("round-%d", round)
		u.round(t)
	}
	var shown struct{ Resources []struct{ URL, Title string } }
	if err := client.Get("/api/1/datasets/"+dataset.ID+"/", &shown); err != nil {
		t.Fatal(err)
	}
	if len(shown.Resources) != rounds(3, 30) {
		t.Errorf("%d uploads became %d resources", rounds(3, 30), len(shown.Resources))
	}
	if found := server.Run(t, "check"); strings.Contains(found, "fault") {
		t.Errorf("check found:\n%s", found)
	}
}

// upload is a file that is sent by parts.
type upload struct {
	server            *harness.Server
	token, path, uuid string
	content           []byte
}

// round sends the file with two kills on the way: one while parts are sent, one
// while it is put together.
func (u *upload) round(t *testing.T) {
	t.Helper()
	killed := u.killSoon(20 * time.Millisecond)
	acknowledged := map[int]bool{}
	for number := range uploadParts {
		if status, _ := u.send(number); status == http.StatusOK {
			acknowledged[number] = true
		}
	}
	<-killed
	u.restart(t)
	var state struct{ Received []int }
	err := u.server.Client(u.token).Get("/api/2/uploads/"+u.uuid+"/", &state)
	if err != nil && len(acknowledged) > 0 {
		t.Fatalf("the upload is lost: %v", err)
	}
	for _, number := range state.Received {
		delete(acknowledged, number)
	}
	if len(acknowledged) > 0 {
		t.Fatalf("parts that were acknowledged are lost: %v", acknowledged)
	}
	here := map[int]bool{}
	for _, number := range state.Received {
		here[number] = true
	}
	for number := range uploadParts {
		if status, body := u.send(number); !here[number] && status != http.StatusOK {
			t.Fatalf("part %d was answered %d %s", number, status, body)
		}
	}
	killed = u.killSoon(15 * time.Millisecond)
	u.send(-1)
	<-killed
	u.restart(t)
	status, body := u.send(-1)
	if status != http.StatusCreated {
		t.Fatalf("the end was answered %d %s", status, body)
	}
	u.compare(t, body)
}

// killSoon kills the server at a random moment.
func (u *upload) killSoon(within time.Duration) chan struct{} {
	done := make(chan struct{})
	go func() {
		time.Sleep(time.Duration(rand.Int64N(int64(within))) + time.Millisecond)
		u.server.Kill()
		close(done)
	}()
	return done
}

func (u *upload) restart(t *testing.T) {
	t.Helper()
	u.server.Launch(t)
	u.server.AwaitReady(t)
}

// send sends a part, or with -1 says that all were sent; status 0 when there was
// no answer.
func (u *upload) send(number int) (status int, answer []byte) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	fields := map[string]string{"uuid": u.uuid, "filename": "a.csv", "totalparts": fmt.Sprint(uploadParts)}
	part := u.content
	if number >= 0 {
		at := number * uploadPart
		part = u.content[at:min(at+uploadPart, len(u.content))]
		fields["partindex"], fields["partbyteoffset"], fields["chunksize"] = fmt.Sprint(number), fmt.Sprint(at), fmt.Sprint(len(part))
	}
	for name, value := range fields {
		_ = form.WriteField(name, value) // into memory
	}
	if number >= 0 {
		file, _ := form.CreateFormFile("file", "blob") // into memory
		_, _ = file.Write(part)
	}
	_ = form.Close()
	request, err := http.NewRequest(http.MethodPost, u.server.URL()+u.path, &body)
	if err != nil {
		return 0, nil
	}
	request.Header.Set("Content-Type", form.FormDataContentType())
	request.Header.Set("X-API-KEY", u.token)
	got, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil
	}
	defer got.Body.Close()
	if answer, err = io.ReadAll(got.Body); err != nil {
		return 0, nil
	}
	return got.StatusCode, answer
}

func (u *upload) compare(t *testing.T, answer []byte) {
	t.Helper()
	_, after, _ := strings.Cut(string(answer), `"url":"`)
	address, _, _ := strings.Cut(after, `"`)
	got, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil || sha256.Sum256(body) != sha256.Sum256(u.content) {
		t.Errorf("%s is %d bytes of %d, %v", address, len(body), len(u.content), err)
	}
}
