package e2e

import (
	"crypto/sha256"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"grenier/e2e/harness"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

// TestKillPublishing: people publish, each request under a key of its own, while
// the server is killed at random points; a request without an answer is sent
// again. What was acknowledged stays, nothing is done twice or by half, and no
// byte is left that nothing needs.
func TestKillPublishing(t *testing.T) {
	onBoth(t, func(t *testing.T, options harness.Options) {
		kills := rounds(8, 300)
		if options.Database != "" {
			kills = rounds(5, 80)
		}
		killPublishing(t, kills, options)
	})
}

func killPublishing(t *testing.T, kills int, options harness.Options) {
	server := harness.Start(t, options)
	d := dbtest.Open(t, db.Options{URL: server.Database, Dir: server.Data})
	var over atomic.Bool
	var publishing sync.WaitGroup
	publishers := make([]*publisher, rounds(2, 4))
	for i := range publishers {
		publishers[i] = newPublisher(t, server, d, string(rune('a'+i)))
	}
	for _, p := range publishers {
		publishing.Go(func() {
			for ended := false; !ended; {
				ended = over.Load()
				p.publish()
			}
		})
	}
	for round := range kills {
		time.Sleep(time.Duration(40+rand.IntN(400)) * time.Millisecond)
		server.Kill()
		if round%4 == 3 { // a start is killed too
			server.Launch(t)
			time.Sleep(time.Duration(rand.IntN(100)) * time.Millisecond)
			server.Kill()
		}
		server.Launch(t)
		server.AwaitReady(t)
	}
	over.Store(true)
	publishing.Wait()
	if t.Failed() {
		return
	}
	sent, again := 0, 0
	for _, p := range publishers {
		p.examine()
		sent, again = sent+p.sent, again+p.again
	}
	t.Logf("%d writes over %d kills, %d of them sent again", sent, kills, again)
	if again < kills/4 {
		t.Error("so few requests were hit that this proves little")
	}
	counted(t, d, publishers)
	server.Stop(t)
	sound(t, server)
	nothingLeft(t, server, d)
}

// examine ends what was begun and compares everything with what was
// acknowledged.
func (p *publisher) examine() {
	// In a goroutine of its own, which stop may end.
	var examined sync.WaitGroup
	examined.Go(func() {
		for i, l := range p.lives {
			if l.unfinished != nil && i%2 == 0 {
				p.finish(p.ben, l, l.unfinished)
			}
			p.compare(l)
		}
	})
	examined.Wait()
}

func (p *publisher) compare(l *life) {
	d := p.detail(p.ben, l)
	var order []string
	for _, r := range d.Resources {
		order = append(order, r.ID)
		if _, ours := l.files[r.ID]; ours != (r.Filetype == "file") {
			p.stop("resource %s of dataset %s is of type %q", r.ID, l.dataset, r.Filetype)
		}
	}
	owned := l.owner == nil && d.Organization != nil && d.Organization.ID == l.organization || l.owner != nil && d.Owner != nil && d.Owner.ID == l.owner.id
	if d.Title != l.title || d.Private != l.private || (d.Deleted != nil) != l.deleted || !owned || !slices.Equal(order, l.resources) {
		p.stop("dataset %s is %+v, acknowledged was %+v", l.dataset, d, l)
	}
	if !l.deleted {
		for id, body := range l.files {
			p.sameFile(id, body)
		}
	}
	for _, address := range l.former {
		answer := p.try(address, func() (harness.Answer, error) {
			return p.server.Client("").Do(http.MethodGet, strings.TrimPrefix(address, p.server.URL()), nil)
		})
		if answer.Status != http.StatusGone && answer.Status != http.StatusNotFound {
			p.stop("a file that was replaced is answered %d", answer.Status)
		}
	}
	p.compareMembers(l)
}

func (p *publisher) sameFile(id string, body []byte) {
	path := "/api/1/datasets/r/" + id
	led := p.try(path, func() (harness.Answer, error) { return p.ben.client.Do(http.MethodGet, path, nil) })
	address := strings.TrimPrefix(led.Header.Get("Location"), p.server.URL())
	got := p.try(address, func() (harness.Answer, error) { return p.server.Client("").Do(http.MethodGet, address, nil) })
	if got.Status != http.StatusOK || sha256.Sum256(got.Body) != sha256.Sum256(body) {
		p.stop("the file of %s at %q is answered %d with %d bytes, %d were acknowledged", id, address, got.Status, len(got.Body), len(body))
	}
}

// compareMembers checks who is in the organisation, and that its history tells
// how they came.
func (p *publisher) compareMembers(l *life) {
	var o struct {
		Members []struct {
			Role string
			User struct{ ID string }
		}
	}
	p.read(p.ada, "/api/1/organizations/"+l.organization+"/", &o)
	roles := map[string]string{}
	for _, m := range o.Members {
		roles[m.User.ID] = m.Role
	}
	if len(o.Members) != 2 || roles[p.ada.id] != "admin" || roles[p.ben.id] != "editor" {
		p.stop("organization %s has the members %v", l.organization, roles)
	}
	var versions struct {
		Data []struct{ Changes []string }
	}
	p.read(p.ada, "/api/2/history/organization/"+l.organization+"/", &versions)
	joined := 0
	for _, v := range versions.Data {
		if slices.Contains(v.Changes, "members") {
			joined++
		}
	}
	if joined != 1 {
		p.stop("the history of organization %s tells of %d people who joined: %+v", l.organization, joined, versions)
	}
}
