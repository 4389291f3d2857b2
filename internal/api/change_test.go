package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"grenier/internal/account"
	"grenier/internal/api/apitest"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
)

// changeLine is a line of the change feed.
type changeLine struct {
	Position, Kind, At, Organization string
	Seq, Version                     int64
	Object                           struct{ Class, ID, Kind, URI string }
	Fields                           []string
	Objects                          *int64
}

func changeLines(t *testing.T, body []byte) []changeLine {
	t.Helper()
	var lines []changeLine
	for line := range strings.Lines(string(body)) {
		var l changeLine
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		lines = append(lines, l)
	}
	return lines
}

// toldOf are kinds and objects of lines.
func toldOf(lines []changeLine) []string {
	all := make([]string, len(lines))
	for i, l := range lines {
		all[i] = l.Kind + " " + l.Object.ID
	}
	return all
}

// since asks for the changes behind a position and returns the next one.
func since(s *apitest.Server, after, more string) ([]changeLine, string) {
	s.T.Helper()
	answer := s.Get("/api/2/changes?limit=1000&after=" + after + more)
	if answer.Status != http.StatusOK {
		s.T.Fatalf("changes after %s: %d %s", after, answer.Status, answer.Body)
	}
	lines := changeLines(s.T.(*testing.T), answer.Body)
	next := answer.Header.Get("X-Next-Position")
	if len(lines) > 0 && more == "" && lines[len(lines)-1].Position != next {
		s.T.Errorf("the last line says %s, the header %s", lines[len(lines)-1].Position, next)
	}
	return lines, next
}

func must(t *testing.T, answer apitest.Answer, status int) apitest.Answer {
	t.Helper()
	if answer.Status != status {
		t.Fatalf("answered %d in place of %d: %s", answer.Status, status, answer.Body)
	}
	return answer
}

// TestChangesOfADataset follows a dataset through its life, by the API alone.
func TestChangesOfADataset(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := apitest.New(t, d)
		ada, token := s.User("ada@example.org", false)
		town := s.Organization("Ville", account.NewMember{UserID: ada, Role: account.RoleAdmin})
		other := s.Organization("Département", account.NewMember{UserID: ada, Role: account.RoleAdmin})
		key := []string{"X-API-KEY", token}
		_, root := s.User("root@example.org", true)
		_, after := since(s, "now", "")
		made := must(t, s.Do("POST", "/api/1/datasets/", map[string]any{
			"title": "Secret", "description": "d", "frequency": "unknown", "organization": town, "private": true, "tags": []string{"velo"},
		}, key...), 201).JSON(t).(map[string]any)
		id := made["id"].(string)
		path := "/api/1/datasets/" + id + "/"
		must(t, s.Do("PUT", path, map[string]any{"title": "Secret 2", "description": "d", "private": true, "tags": []string{"velo"}}, key...), 200)
		if lines, next := since(s, after, ""); len(lines) != 0 || next != after {
			t.Fatalf("a private dataset is told of: %v, position %s after %s", lines, next, after)
		}
		steps := []struct {
			what string
			do   func()
			kind string
		}{
			{"published", func() {
				must(t, s.Do("PUT", path, map[string]any{"title": "Open", "description": "d", "private": false, "tags": []string{"velo"}}, key...), 200)
			}, "dataset.created"},
			{"renamed", func() {
				must(t, s.Do("PUT", path, map[string]any{"title": "Renamed", "description": "d", "private": false, "tags": []string{"velo"}}, key...), 200)
			}, "dataset.updated"},
			{"hidden", func() {
				must(t, s.Do("PUT", path, map[string]any{"title": "Renamed", "description": "d", "private": true, "tags": []string{"secret-tag"}}, key...), 200)
			}, "dataset.withdrawn"},
		}
		begun := after
		for _, step := range steps {
			step.do()
			lines, next := since(s, after, "&kind=dataset.created&kind=dataset.updated&kind=dataset.withdrawn")
			if len(lines) != 1 || lines[0].Kind != step.kind || lines[0].Object.ID != id || !strings.HasSuffix(lines[0].Object.URI, path) {
				t.Fatalf("%s: told %+v", step.what, lines)
			}
			if step.kind == "dataset.updated" && !slices.Contains(lines[0].Fields, "title") || step.kind != "dataset.updated" && lines[0].Fields != nil {
				t.Errorf("%s: fields %v", step.what, lines[0].Fields)
			}
			after = next
		}
		// Whoever comes later is told that it is gone, whatever happened meanwhile, and nothing of what it hides now.
		lines, _ := since(s, begun, "&kind=dataset")
		for _, l := range lines {
			if l.Kind != "dataset.withdrawn" || l.Organization != "" || l.Fields != nil {
				t.Errorf("of a hidden dataset: %+v", l)
			}
		}
		if lines, _ := since(s, begun, "&tag=secret-tag&kind=dataset"); len(lines) == 0 || lines[0].Kind != "dataset.withdrawn" {
			t.Errorf("the tags of a hidden dataset decide what is told: %+v", lines)
		}
		must(t, s.Do("PUT", path, map[string]any{"title": "Back", "description": "d", "private": false, "tags": []string{"velo"}}, key...), 200)
		_, after = since(s, after, "")
		checkLeaving(t, s, []string{"X-API-KEY", root}, id, path, town, other, after)
	})
}

// checkLeaving gives a dataset other tags and another owner, and sees that filtered readers are told that it left.
func checkLeaving(t *testing.T, s *apitest.Server, key []string, id, path, town, other, after string) {
	must(t, s.Do("PUT", path, map[string]any{"title": "Back", "description": "d", "private": false, "tags": []string{"train"}}, key...), 200)
	for tag, kind := range map[string]string{"velo": "dataset.withdrawn", "train": "dataset.updated", "bus": ""} {
		lines, _ := since(s, after, "&kind=dataset.updated&kind=dataset.withdrawn&tag="+tag)
		if kind == "" && len(lines) > 0 || kind != "" && (len(lines) != 1 || lines[0].Kind != kind || lines[0].Object.ID != id) {
			t.Errorf("the tag %s: told %+v, not %s", tag, lines, kind)
		}
	}
	_, after = since(s, after, "")
	must(t, s.Do("PUT", path, map[string]any{"title": "Back", "description": "d", "private": false, "tags": []string{"train"}, "organization": other}, key...), 200)
	for organization, kind := range map[string]string{town: "dataset.withdrawn", other: "dataset.updated", db.NewID(): ""} {
		lines, _ := since(s, after, "&kind=dataset.updated&kind=dataset.withdrawn&organization="+organization)
		if kind == "" && len(lines) > 0 || kind != "" && (len(lines) != 1 || lines[0].Kind != kind || lines[0].Object.ID != id) {
			t.Errorf("the organization %s: told %+v, not %s", organization, lines, kind)
		}
	}
}

// TestChangesFromNothing reads the whole log in small steps while it is cleared, and takes a full start: both
// end with what the lists show.
func TestChangesFromNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPortal(t, d)
		public := publicOf(t, p)
		p.put(catalog.KindCommunity, "community", dig(p.Get("/api/1/datasets/community_resources/").JSON(t), "data.0.id").(string), true)
		p.exec("UPDATE events SET at = 0")
		copied := map[string]bool{}
		position, first := "", ""
		for {
			lines, next := since2(p.Server, position)
			if first == "" && len(lines) > 0 {
				first = lines[0].Position
			}
			apply(copied, lines)
			if next == position {
				break
			}
			position = next
			if _, err := p.Log.Prune(t.Context(), db.Now()); err != nil {
				t.Fatal(err)
			}
		}
		if got := keys(copied); !slices.Equal(got, public) {
			t.Errorf("the log makes %d objects, the lists show %d:\n%v\n%v", len(got), len(public), got, public)
		}
		answer := must(t, p.Get("/api/2/changes/start"), 200)
		lines := changeLines(t, answer.Body)
		begun, done := lines[0], lines[len(lines)-1]
		if begun.Kind != "start.begun" || done.Kind != "start.done" || done.Objects == nil || int(*done.Objects) != len(lines)-2 {
			t.Errorf("a full start begins with %+v and ends with %+v", begun, done)
		}
		started := map[string]bool{}
		apply(started, lines[1:len(lines)-1])
		if got := keys(started); !slices.Equal(got, public) {
			t.Errorf("a full start gives %v, the lists show %v", got, public)
		}
		if lines, _ := since(p.Server, done.Position, ""); len(lines) > 0 {
			t.Errorf("after a full start: %+v", lines)
		}
		// Of kinds that the feed does not tell of, newer events than all others may be cleared.
		for range 2 {
			err := p.Log.Write(t.Context(), db.People, func(_ context.Context, tx *event.Tx) error {
				tx.Emit(event.Event{Kind: "site.updated", ObjectKind: "site", Object: "site", ActorKind: "system", SeenBefore: true, SeenAfter: true})
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if _, err := p.Log.Prune(t.Context(), db.TimeOf(time.Now().Add(time.Hour))); err != nil {
			t.Fatal(err)
		}
		again := changeLines(t, must(t, p.Get("/api/2/changes/start"), 200).Body)
		for _, position := range []string{again[0].Position, "now"} {
			if lines, next := since(p.Server, position, ""); len(lines) > 0 {
				t.Errorf("after a start of a cleared log: %+v", lines)
			} else if lines, _ := since(p.Server, next, ""); len(lines) > 0 {
				t.Errorf("and then: %+v", lines)
			}
		}
		lines = changeLines(t, must(t, p.Get("/api/2/changes/start?kind=reuse&organization="+p.town), 200).Body)
		for _, l := range lines[1 : len(lines)-1] {
			if l.Object.Kind != "reuse" || l.Organization != p.town {
				t.Errorf("a start of the reuses of the town gives %+v", l)
			}
		}
	})
}

func since2(s *apitest.Server, after string) ([]changeLine, string) {
	answer := s.Get("/api/2/changes?limit=7&after=" + after)
	if answer.Status != http.StatusOK {
		s.T.Fatalf("changes after %s: %d %s", after, answer.Status, answer.Body)
	}
	return changeLines(s.T.(*testing.T), answer.Body), answer.Header.Get("X-Next-Position")
}

func apply(copied map[string]bool, lines []changeLine) {
	for _, l := range lines {
		if strings.HasSuffix(l.Kind, ".withdrawn") {
			delete(copied, l.Object.ID)
		} else {
			copied[l.Object.ID] = true
		}
	}
}

func keys(set map[string]bool) []string {
	var all []string
	for key := range set {
		all = append(all, key)
	}
	slices.Sort(all)
	return all
}

// publicOf are the identifiers of all objects that the lists show.
func publicOf(t *testing.T, p *portal) []string {
	var ids []string
	for _, list := range []string{"1/datasets/", "1/reuses/", "1/dataservices/", "1/organizations/", "2/topics/", "1/posts/", "1/datasets/community_resources/"} {
		for _, o := range dig(p.Get("/api/"+list+"?page_size=100").JSON(t), "data").([]any) {
			ids = append(ids, o.(map[string]any)["id"].(string))
		}
	}
	slices.Sort(ids)
	return ids
}

// TestChangesRefused asks for what there is not.
func TestChangesRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPortal(t, d)
		lines, last := since(p.Server, "", "")
		for path, want := range map[string]struct {
			status int
			text   string
		}{
			"?after=yesterday":                   {400, "is not a position of the feed"},
			"?after=-3":                          {400, "is not a position of the feed"},
			"?after=9-4":                         {400, "is not a position of the feed"},
			"?after=99999999999999999999":        {400, "is not a position of the feed"},
			"?after=999999":                      {410, `"start":"` + apitest.Base + `/api/2/changes/start"`},
			"?after=3-999999":                    {410, "Take a full start"},
			"?after=999999&tag=a%26b&kind=topic": {410, `"start":"` + apitest.Base + `/api/2/changes/start?kind=topic&tag=a%26b"`},
			"?kind=user":                         {400, "unknown kind"},
			"?kind=dataset.eaten":                {400, "unknown kind"},
			"?organization=x":                    {400, "Organization arg must be an identifier"},
			"?limit=0":                           {400, "limit"},
			"?limit=1001":                        {400, "limit"},
			"?wait=61":                           {400, "wait"},
			"/start?kind=x":                      {400, "unknown kind"},
		} {
			answer := p.Get("/api/2/changes" + path)
			if strings.HasPrefix(path, "?after") {
				if again := p.Get("/api/2/changes"+path, "Accept", "text/event-stream"); again.Status != want.status {
					t.Errorf("a stream %s answered %d, not %d", path, again.Status, want.status)
				}
			}
			if answer.Status != want.status || !strings.Contains(string(answer.Body), want.text) {
				t.Errorf("%s answered %d %s, not %d %s", path, answer.Status, answer.Body, want.status, want.text)
			}
		}
		// A position that the log was cleared behind is gone, but for those who began with nothing.
		p.exec("UPDATE events SET at = 0")
		for _, id := range []string{"open", "mine"} {
			p.put(catalog.KindDataset, id, p.ids[id], true)
		}
		if removed, err := p.Log.Prune(t.Context(), db.Now()); err != nil || removed < 2 {
			t.Fatalf("%d events were removed, %v", removed, err)
		}
		first := lines[0].Position
		plain, _, _ := strings.Cut(first, "-")
		for after, status := range map[string]int{last: 200, plain: 410, "0": 200, "": 200} {
			if answer := p.Get("/api/2/changes?after=" + after); answer.Status != status {
				t.Errorf("after %q: %d %s", after, answer.Status, answer.Body)
			}
		}
	})
}

// TestChangesWait sees that those who wait are told at once, by a long answer and as Server-Sent Events, when the
// feed follows the log and when it does not.
func TestChangesWait(t *testing.T) {
	for _, follows := range []bool{false, true} {
		t.Run(fmt.Sprint(follows), func(t *testing.T) {
			p := newPortal(t, dbtest.SQLite(t))
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			if follows {
				head, err := p.Log.Head(ctx, p.DB.Read())
				if err != nil {
					t.Fatal(err)
				}
				p.Changes.Begin(head)
				go p.Log.Follow(ctx, p.Changes, func(err error) { t.Error(err) })
			}
			events := openStream(t, p.Server, "/api/2/changes?after=now", "Accept", "text/event-stream")
			_, position := since(p.Server, "now", "")
			waiting := make(chan apitest.Answer, 1)
			go func() { waiting <- p.Get("/api/2/changes?wait=20&after=" + position) }()
			time.Sleep(50 * time.Millisecond)
			began := time.Now()
			id := p.dataset(90, "new", nil)
			answer := <-waiting
			if lines := changeLines(t, answer.Body); !slices.Equal(toldOf(lines), []string{"dataset.created " + id}) {
				t.Errorf("the long answer: %d %s", answer.Status, answer.Body)
			}
			event := <-events
			if !strings.Contains(event, "event: dataset.created\n") || !strings.Contains(event, id) || !strings.Contains(event, "\ndata: {") {
				t.Errorf("the stream: %s", event)
			}
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("told after %s", took)
			}
			// Who comes back with the last identifier gets what came since.
			_, rest, _ := strings.Cut(event, "id: ")
			last, _, _ := strings.Cut(rest, "\n")
			second := p.dataset(91, "newer", nil)
			again := openStream(t, p.Server, "/api/2/changes", "Accept", "text/event-stream", "Last-Event-ID", last)
			if event := <-again; !strings.Contains(event, second) || strings.Contains(event, id) {
				t.Errorf("after %s: %s", last, event)
			}
			p.Changes.Stop()
			if _, open := <-events; open {
				if _, open := <-events; open {
					t.Error("the stream goes on after the stop")
				}
			}
		})
	}
}

// openStream reads Server-Sent Events until the stream ends.
func openStream(t *testing.T, s *apitest.Server, path string, headers ...string) <-chan string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != 200 || response.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("the stream answered %d %s", response.StatusCode, response.Header.Get("Content-Type"))
	}
	events := make(chan string, 10)
	go func() {
		defer response.Body.Close()
		defer close(events)
		var event strings.Builder
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			event.WriteString(lines.Text() + "\n")
			if lines.Text() == "" {
				if strings.Contains(event.String(), "data:") {
					events <- event.String()
				}
				event.Reset()
			}
		}
	}()
	return events
}
