package e2e

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"grenier/e2e/harness"
)

// publicLists are the lists of what a copy of the catalogue holds, by kind.
var publicLists = map[string]string{
	"dataset": "/api/1/datasets/", "reuse": "/api/1/reuses/", "dataservice": "/api/1/dataservices/", "organization": "/api/1/organizations/",
	"topic": "/api/2/topics/", "post": "/api/1/posts/", "community_resource": "/api/1/datasets/community_resources/",
}

// TestTheDocumentedMirrorStaysIdentical runs the documented client over a catalogue that changes, and compares its
// copy with what the lists and details show.
func TestTheDocumentedMirrorStaysIdentical(t *testing.T) {
	server := harness.New(t, harness.Options{})
	found, err := filepath.Glob("../internal/intake/demo/catalog/*")
	if err != nil {
		t.Fatal(err)
	}
	server.Run(t, append([]string{"import", "catalog"}, found...)...)
	server.Launch(t)
	server.AwaitReady(t)
	email := "ada@example.org"
	server.Person(t, email, personPassword)
	client := server.Client(server.Run(t, "token", "create", email))
	folder := t.TempDir()
	mirror := func() {
		t.Helper()
		out, err := exec.Command("node", "../docs/examples/mirror.mjs", server.URL(), folder, "once").CombinedOutput()
		if err != nil {
			t.Fatalf("the mirror: %v\n%s", err, out)
		}
	}
	mirror()
	compareMirror(t, server, folder)
	before := len(files(t, folder))
	changeAtRandom(t, client, 40)
	mirror()
	compareMirror(t, server, folder)
	if after := len(files(t, folder)); after <= before {
		t.Errorf("the copy had %d objects and has %d", before, after)
	}
	// A position that nobody knows starts anew.
	if err := os.WriteFile(filepath.Join(folder, "position"), []byte("999999999"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "dataset-000000000000000000000000.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	changeAtRandom(t, client, 5)
	mirror()
	compareMirror(t, server, folder)
}

// changeAtRandom makes, renames, hides, shows and deletes datasets.
func changeAtRandom(t *testing.T, client *harness.Client, times int) {
	random := rand.New(rand.NewPCG(1, uint64(times)))
	var ids []string
	for n := range times {
		body := map[string]any{"title": fmt.Sprintf("Jeu %d", n), "description": "d", "frequency": "unknown", "private": random.IntN(3) == 0, "tags": []string{"velo"}}
		switch one := random.IntN(4); {
		case one == 0 || len(ids) < 3:
			var made struct{ ID string }
			client.MustDo(t, "POST", "/api/1/datasets/", body, 201, &made)
			ids = append(ids, made.ID)
		case one == 1:
			at := random.IntN(len(ids))
			client.MustDo(t, "DELETE", "/api/1/datasets/"+ids[at]+"/", nil, 204, nil)
			ids = append(ids[:at], ids[at+1:]...)
		default:
			client.MustDo(t, "PUT", "/api/1/datasets/"+ids[random.IntN(len(ids))]+"/", body, 200, nil)
		}
	}
}

func files(t *testing.T, folder string) map[string]bool {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, entry := range entries {
		if entry.Name() != "position" {
			names[entry.Name()] = true
		}
	}
	return names
}

// compareMirror sees that a copy holds all that the lists show and nothing else, each as its details are.
func compareMirror(t *testing.T, server *harness.Server, folder string) {
	t.Helper()
	nobody := server.Client("")
	have := files(t, folder)
	count := 0
	for kind, list := range publicLists {
		for page := 1; ; page++ {
			var answer struct {
				Data []struct {
					ID string
				}
				NextPage *string `json:"next_page"`
			}
			if err := nobody.Get(fmt.Sprintf("%s?page_size=100&page=%d", list, page), &answer); err != nil {
				t.Fatal(err)
			}
			for _, o := range answer.Data {
				count++
				name := kind + "-" + o.ID + ".json"
				if !have[name] {
					t.Errorf("the copy lacks %s", name)
					continue
				}
				delete(have, name)
				copied, err := os.ReadFile(filepath.Join(folder, name))
				if err != nil {
					t.Fatal(err)
				}
				detail, err := nobody.Do(http.MethodGet, list+o.ID+"/", nil)
				if err != nil || detail.Status != http.StatusOK {
					t.Fatalf("%s: %d, %v", name, detail.Status, err)
				}
				if string(copied) != string(detail.Body) {
					t.Errorf("%s differs:\n%.300s\n%.300s", name, copied, detail.Body)
				}
			}
			if answer.NextPage == nil {
				break
			}
		}
	}
	if len(have) > 0 {
		t.Errorf("the copy has what is no more: %v", have)
	}
	if count < 20 {
		t.Errorf("only %d objects were compared", count)
	}
}

// TestTheDocumentedReceiverTakesWebhooks runs the documented receiver and sees that it takes what a webhook sends.
func TestTheDocumentedReceiverTakesWebhooks(t *testing.T) {
	server := harness.Start(t, harness.Options{Arguments: []string{"--fetch-allow", "127.0.0.0/8"}})
	email := "ada@example.org"
	server.Person(t, email, personPassword)
	client := server.Client(server.Run(t, "token", "create", email))
	port := strings.TrimPrefix(harness.New(t, harness.Options{}).Address, "127.0.0.1:")
	var hook struct{ ID, Secret string }
	client.MustDo(t, "POST", "/api/2/webhooks/", map[string]any{"url": "http://127.0.0.1:" + port + "/", "kinds": []string{"dataset"}}, 201, &hook)
	receiver := exec.Command("node", "../docs/examples/receiver.mjs", port, hook.Secret)
	out, err := receiver.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := receiver.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = receiver.Process.Kill()
		_ = receiver.Wait()
	}()
	said := make(chan string, 100)
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			said <- lines.Text()
		}
	}()
	hears := func(what string) {
		t.Helper()
		for deadline := time.After(20 * time.Second); ; {
			select {
			case line := <-said:
				if line == what {
					return
				}
			case <-deadline:
				t.Fatalf("the receiver never said %q", what)
			}
		}
	}
	hears("listening")
	var tried struct{ State string }
	client.MustDo(t, "POST", "/api/2/webhooks/"+hook.ID+"/test/", nil, 200, &tried)
	if tried.State != "accepted" {
		t.Fatalf("a test was %s", tried.State)
	}
	var made struct{ ID string }
	client.MustDo(t, "POST", "/api/1/datasets/", map[string]any{"title": "Jeu", "description": "d", "frequency": "unknown"}, 201, &made)
	hears("dataset.created " + server.URL() + "/api/1/datasets/" + made.ID + "/")
	// Another secret than the receiver's is refused by it.
	client.MustDo(t, "POST", "/api/2/webhooks/"+hook.ID+"/secret/", nil, 200, nil)
	client.MustDo(t, "POST", "/api/2/webhooks/"+hook.ID+"/test/", nil, 200, &tried)
	if tried.State != "failed" {
		t.Errorf("a message signed by another secret was %s", tried.State)
	}
}
