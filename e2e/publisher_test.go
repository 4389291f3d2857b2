package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"grenier/e2e/harness"
	"grenier/internal/db"
)

// person is one with an account.
type person struct {
	id, email string
	client    *harness.Client
}

const personPassword = "Grenier-a-grain-2026"

// publisher goes through the life of datasets, over and over: two people, their
// organisations and datasets, and what must be there of them.
type publisher struct {
	t           *testing.T
	server      *harness.Server
	db          *db.DB
	name        string
	ada, ben    *person
	lives       []*life
	tokens      int // of ada
	keys        int
	sent, again int
}

// life is an organisation with a dataset: what was acknowledged.
type life struct {
	organization, dataset string
	title                 string
	joined                bool
	owner                 *person // nil for the organisation
	private, deleted      bool
	resources             []string // in order
	files                 map[string][]byte
	former                []string // addresses of replaced files
	// unfinished is an upload by parts that nobody ended, with its first part.
	unfinished *partial
}

func newPublisher(t *testing.T, server *harness.Server, d *db.DB, name string) *publisher {
	p := &publisher{t: t, server: server, db: d, name: name}
	for _, who := range []struct {
		into **person
		name string
	}{{&p.ada, "ada"}, {&p.ben, "ben"}} {
		email := who.name + "-" + name + "@example.org"
		id := server.Person(t, email, personPassword)
		*who.into = &person{id: id, email: email, client: server.Client(server.Run(t, "token", "create", email))}
	}
	p.tokens = 1
	return p
}

// stop ends this publisher's goroutine with an error.
func (p *publisher) stop(format string, args ...any) {
	p.t.Helper()
	p.t.Errorf("publisher "+p.name+": "+format, args...)
	runtime.Goexit()
}

// answers bounds the wait for an answer over kills.
const answers = time.Minute

// try sends until there is an answer.
func (p *publisher) try(what string, send func() (harness.Answer, error)) harness.Answer {
	for deadline, lost := time.Now().Add(answers), false; ; time.Sleep(5 * time.Millisecond) {
		answer, err := send()
		switch {
		case err == nil && answer.Status == http.StatusConflict && strings.Contains(string(answer.Body), "runs at this moment"):
			p.growOld()
		case err == nil && answer.Status != http.StatusServiceUnavailable:
			return answer
		}
		if err != nil && !lost {
			lost, p.again = true, p.again+1
		}
		if time.Now().After(deadline) {
			p.stop("%s: no answer in %v: %v %d %s", what, answers, err, answer.Status, answer.Body)
		}
	}
}

// growOld lets the time pass in which a request without an answer may still run
// on another node.
func (p *publisher) growOld() {
	err := p.db.Write(context.Background(), db.People, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw("UPDATE retries SET at = at - 60000000 WHERE status IS NULL").Exec(ctx)
		return err
	})
	if err != nil {
		p.stop("%v", err)
	}
}

// done is what answers to writes have in common: the answer to a request sent
// again may be lost, and names then what was changed.
type done struct {
	ID, Token, URL, Message string
}

func (d done) lost() bool { return strings.HasPrefix(d.Message, "This request was done before") }

// ask sends a write with JSON under a new key until it is answered.
func (p *publisher) ask(who *person, method, path string, body any) done {
	return p.once(method+" "+path, func(key string) (harness.Answer, error) {
		return who.client.Do(method, path, body, "Idempotency-Key", key)
	})
}

// once sends a write until it is answered, now and then once more: it is done
// once.
func (p *publisher) once(what string, send func(key string) (harness.Answer, error)) (result done) {
	p.keys++
	key := fmt.Sprintf("%s-%d", p.name, p.keys)
	p.sent++
	answer := p.try(what, func() (harness.Answer, error) { return send(key) })
	if answer.Status >= http.StatusMultipleChoices {
		p.stop("%s: %d %s", what, answer.Status, answer.Body)
	}
	if rand.IntN(4) == 0 {
		again := p.try(what+" again", func() (harness.Answer, error) { return send(key) })
		if again.Status >= http.StatusMultipleChoices || again.Header.Get("Idempotency-Replayed") == "" {
			p.stop("%s under the same key: %d %s", what, again.Status, again.Body)
		}
	}
	if bytes.HasPrefix(answer.Body, []byte("{")) {
		if err := json.Unmarshal(answer.Body, &result); err != nil {
			p.stop("%s: %v %s", what, err, answer.Body)
		}
	}
	return result
}

// read reads a document.
func (p *publisher) read(who *person, path string, into any) {
	answer := p.try("GET "+path, func() (harness.Answer, error) { return who.client.Do(http.MethodGet, path, nil) })
	if answer.Status != http.StatusOK {
		p.stop("GET %s: %d %s", path, answer.Status, answer.Body)
	}
	if err := json.Unmarshal(answer.Body, into); err != nil {
		p.stop("GET %s: %v", path, err)
	}
}

// publish goes through one life.
func (p *publisher) publish() {
	l := p.begin()
	p.lives = append(p.lives, l)
	p.upload(p.ada, l)
	p.uploadByParts(p.ada, l)
	p.replace(p.ada, l)
	p.reorder(p.ada, l)
	p.join(l)
	p.show(l)
	p.handOver(l)
	p.upload(p.ben, l)
	p.deleteAndRestore(l)
	p.token()
	if len(p.lives) <= logins {
		p.session()
	}
	p.leave(l)
}

func (p *publisher) begin() *life {
	name := fmt.Sprintf("Ville de %s %d", p.name, len(p.lives))
	l := &life{title: "Jeu " + name, private: true, files: map[string][]byte{}}
	l.organization = p.ask(p.ada, http.MethodPost, "/api/1/organizations/", map[string]any{"name": name, "description": "Une ville."}).ID
	l.dataset = p.ask(p.ada, http.MethodPost, "/api/1/datasets/", map[string]any{
		"title": l.title, "description": "Des chiffres.", "organization": l.organization, "private": true, "tags": []string{"essai"},
		"resources": []any{remote("premier"), remote("second")},
	}).ID
	if l.organization == "" || l.dataset == "" {
		p.stop("no identifiers: %+v", l)
	}
	for _, r := range p.detail(p.ada, l).Resources {
		l.resources = append(l.resources, r.ID)
	}
	return l
}

type published struct {
	ID           string
	Title        string
	Private      bool
	Deleted      *string
	Organization *struct{ ID string }
	Owner        *struct{ ID string }
	Resources    []struct {
		ID, URL, Filetype string
	}
}

func (p *publisher) detail(who *person, l *life) (document published) {
	p.read(who, "/api/1/datasets/"+l.dataset+"/", &document)
	return document
}

// fresh is the resource of a dataset that was not there before: exactly one.
func (p *publisher) fresh(who *person, l *life) string {
	found := ""
	for _, r := range p.detail(who, l).Resources {
		if slices.Contains(l.resources, r.ID) {
			continue
		}
		if found != "" {
			p.stop("a file became two resources")
		}
		found = r.ID
	}
	if found == "" {
		p.stop("a file that was acknowledged became no resource")
	}
	return found
}

// content is a table that nobody else sends.
func (p *publisher) content(size int) []byte {
	body := []byte("date;mesure\n")
	for len(body) < size {
		body = fmt.Appendf(body, "%x;%d\n", rand.Uint64(), rand.IntN(1000))
	}
	return body
}

// send sends a form with a file to an upload route.
func (p *publisher) send(who *person, path, key string, fields map[string]string, file []byte) (harness.Answer, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, value := range fields {
		_ = form.WriteField(name, value) // into memory
	}
	if file != nil {
		part, _ := form.CreateFormFile("file", "mesures.csv") // into memory
		_, _ = part.Write(file)
	}
	_ = form.Close()
	request, err := http.NewRequest(http.MethodPost, p.server.URL()+path, &body)
	if err != nil {
		return harness.Answer{}, err
	}
	request.Header.Set("Content-Type", form.FormDataContentType())
	request.Header.Set("X-API-KEY", who.client.Token)
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	response, err := who.client.HTTP.Do(request)
	if err != nil {
		return harness.Answer{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return harness.Answer{Status: response.StatusCode, Header: response.Header, Body: text}, err
}

// upload sends a file in one request.
func (p *publisher) upload(who *person, l *life) {
	body := p.content(1 + rand.IntN(40_000))
	path := "/api/1/datasets/" + l.dataset + "/upload/"
	p.once("POST "+path, func(key string) (harness.Answer, error) { return p.send(who, path, key, nil, body) })
	p.added(who, l, body)
}

func (p *publisher) added(who *person, l *life, body []byte) {
	id := p.fresh(who, l)
	l.resources = append([]string{id}, l.resources...)
	l.files[id] = body
}

// partial is an upload by parts.
type partial struct {
	uuid string
	body []byte
	// acknowledged are the parts that were answered.
	acknowledged map[int]bool
}

const (
	partialParts = 4
	partialSize  = 64 << 10
)

func (p *publisher) partial() *partial {
	p.keys++
	return &partial{uuid: fmt.Sprintf("%s-%d", p.name, p.keys), body: p.content(partialParts*partialSize - 1000), acknowledged: map[int]bool{}}
}

func (u *partial) fields(number int) (map[string]string, []byte) {
	fields := map[string]string{"uuid": u.uuid, "filename": "mesures.csv", "totalparts": fmt.Sprint(partialParts)}
	if number < 0 {
		return fields, nil
	}
	at := number * partialSize
	part := u.body[at:min(at+partialSize, len(u.body))]
	fields["partindex"], fields["partbyteoffset"], fields["chunksize"] = fmt.Sprint(number), fmt.Sprint(at), fmt.Sprint(len(part))
	return fields, part
}

// part sends one part; when it gets no answer, it is sent by the next call.
func (p *publisher) part(who *person, l *life, u *partial, number int) {
	fields, file := u.fields(number)
	p.sent++
	answer, err := p.send(who, "/api/1/datasets/"+l.dataset+"/upload/", "", fields, file)
	switch {
	case err != nil, answer.Status == http.StatusServiceUnavailable:
		p.again++
		time.Sleep(5 * time.Millisecond)
	case answer.Status != http.StatusOK:
		p.stop("part %d: %d %s", number, answer.Status, answer.Body)
	default:
		u.acknowledged[number] = true
	}
}

// finish sends the parts that are missing, as the server tells, and ends an
// upload.
func (p *publisher) finish(who *person, l *life, u *partial) {
	for deadline := time.Now().Add(answers); ; {
		var state struct{ Received []int }
		if len(u.acknowledged) > 0 {
			p.read(who, "/api/2/uploads/"+u.uuid+"/", &state)
		}
		for number := range u.acknowledged {
			if !slices.Contains(state.Received, number) {
				p.stop("part %d was acknowledged and is lost", number)
			}
		}
		if len(state.Received) == partialParts {
			break
		}
		for _, number := range rand.Perm(partialParts) {
			if !slices.Contains(state.Received, number) {
				p.part(who, l, u, number)
			}
		}
		if time.Now().After(deadline) {
			p.stop("the upload did not end")
		}
	}
	fields, _ := u.fields(-1)
	path := "/api/1/datasets/" + l.dataset + "/upload/"
	p.sent++
	answer := p.try("the end of an upload", func() (harness.Answer, error) { return p.send(who, path, "", fields, nil) })
	if answer.Status != http.StatusCreated {
		p.stop("the end of an upload: %d %s", answer.Status, answer.Body)
	}
	p.added(who, l, u.body)
}

func (p *publisher) uploadByParts(who *person, l *life) { p.finish(who, l, p.partial()) }

// replace sends another file for a resource.
func (p *publisher) replace(who *person, l *life) {
	id := l.resources[rand.IntN(len(l.files))]
	for _, r := range p.detail(who, l).Resources {
		if r.ID == id {
			l.former = append(l.former, r.URL)
		}
	}
	body := p.content(1 + rand.IntN(40_000))
	path := "/api/1/datasets/" + l.dataset + "/resources/" + id + "/upload/"
	p.once("POST "+path, func(key string) (harness.Answer, error) { return p.send(who, path, key, nil, body) })
	l.files[id] = body
}

func (p *publisher) reorder(who *person, l *life) {
	order := slices.Clone(l.resources)
	rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	p.ask(who, http.MethodPut, "/api/1/datasets/"+l.dataset+"/resources/", order)
	l.resources = order
}

func (p *publisher) join(l *life) {
	invitation := p.ask(p.ada, http.MethodPost, "/api/1/organizations/"+l.organization+"/member/", map[string]any{"user": p.ben.id, "role": "editor"})
	p.ask(p.ben, http.MethodPost, "/api/1/me/org_invitations/"+invitation.ID+"/accept/", nil)
	l.joined = true
}

func (p *publisher) show(l *life) {
	l.title += " public"
	p.ask(p.ben, http.MethodPut, "/api/1/datasets/"+l.dataset+"/", map[string]any{"title": l.title, "private": false})
	l.private = false
}

func (p *publisher) handOver(l *life) {
	transfer := p.ask(p.ada, http.MethodPost, "/api/1/transfer/", map[string]any{
		"subject": map[string]string{"class": "Dataset", "id": l.dataset}, "recipient": map[string]string{"class": "User", "id": p.ben.id}, "comment": "À toi.",
	})
	p.ask(p.ben, http.MethodPost, "/api/1/transfer/"+transfer.ID+"/", map[string]string{"response": "accept"})
	l.owner = p.ben
}

func (p *publisher) deleteAndRestore(l *life) {
	p.ask(p.ben, http.MethodDelete, "/api/1/datasets/"+l.dataset+"/", nil)
	l.deleted = true
	if p.detail(p.ben, l).Deleted == nil {
		p.stop("a deletion was acknowledged and is lost")
	}
	p.ask(p.ben, http.MethodPost, "/api/2/bin/dataset/"+l.dataset+"/restore/", nil)
	l.deleted = false
}

// token makes a token, uses it and revokes it, most times. A token whose plain
// text was lost with its answer is revoked too.
func (p *publisher) token() {
	made := p.ask(p.ada, http.MethodPost, "/api/1/me/api_tokens/", map[string]string{"name": fmt.Sprintf("de passage %d", p.keys)})
	p.tokens++
	if !made.lost() {
		user := &person{client: p.server.Client(made.Token)}
		var me struct{ ID string }
		if p.read(user, "/api/1/me/", &me); me.ID != p.ada.id {
			p.stop("a token acts for %q", me.ID)
		}
		p.ask(p.ada, http.MethodDelete, "/api/1/me/api_tokens/"+made.ID+"/", nil)
		p.tokens--
		answer := p.try("GET /api/1/me/", func() (harness.Answer, error) { return user.client.Do(http.MethodGet, "/api/1/me/", nil) })
		// A machine that is quick uses so many revoked tokens that their network is told to wait.
		if answer.Status != http.StatusUnauthorized && answer.Status != http.StatusTooManyRequests {
			p.stop("a revoked token is answered %d", answer.Status)
		}
	}
}

// logins bounds how often a publisher logs in: more from one network are refused.
const logins = 3

// session logs in and out.
func (p *publisher) session() {
	browser := p.server.Client("")
	p.sent++
	entered := p.try("POST /login/", func() (harness.Answer, error) {
		return browser.Do(http.MethodPost, "/login/", map[string]string{"email": p.ben.email, "password": personPassword})
	})
	cookie, _, _ := strings.Cut(entered.Header.Get("Set-Cookie"), ";")
	if entered.Status != http.StatusOK || cookie == "" {
		p.stop("login: %d %s", entered.Status, entered.Body)
	}
	me := func() int {
		return p.try("GET /api/1/me/", func() (harness.Answer, error) { return browser.Do(http.MethodGet, "/api/1/me/", nil, "Cookie", cookie) }).Status
	}
	if status := me(); status != http.StatusOK {
		p.stop("an acknowledged session is answered %d", status)
	}
	p.sent++
	left := p.try("POST /logout/", func() (harness.Answer, error) { return browser.Do(http.MethodPost, "/logout/", nil, "Cookie", cookie) })
	if left.Status != http.StatusOK {
		p.stop("logout: %d %s", left.Status, left.Body)
	}
	if status := me(); status != http.StatusUnauthorized {
		p.stop("an ended session is answered %d", status)
	}
}

// leave ends a life: the dataset goes, or an upload stays unfinished, or all
// stays.
func (p *publisher) leave(l *life) {
	switch rand.IntN(4) {
	case 0:
		p.ask(p.ben, http.MethodDelete, "/api/1/datasets/"+l.dataset+"/", nil)
		l.deleted = true
	case 1:
		id := l.resources[0]
		p.ask(p.ben, http.MethodDelete, "/api/1/datasets/"+l.dataset+"/resources/"+id+"/", nil)
		l.resources = l.resources[1:]
		delete(l.files, id)
	case 2:
		u := p.partial()
		p.part(p.ben, l, u, rand.IntN(partialParts))
		if len(u.acknowledged) > 0 {
			l.unfinished = u
		}
	}
}
