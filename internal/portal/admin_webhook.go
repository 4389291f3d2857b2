package portal

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/fetch"
	"grenier/internal/outbox"
	"grenier/internal/web"
)

// adminWebhookContents are the types of Page.Data of the pages of webhooks.
var adminWebhookContents = map[string]any{
	"admin/webhooks": adminWebhooks{}, "admin/webhook": adminWebhook{}, "admin/webhook-secret": adminWebhookSecret{},
	"admin/webhook-message": adminWebhookMessage{},
}

// webhookReasons say why a webhook was stopped, webhookKinds what it is told of.
var (
	webhookReasons = map[string]string{
		outbox.StoppedFailing: "admin-webhook.reason-failing", outbox.StoppedGone: "admin-webhook.reason-gone",
		outbox.StoppedBehind: "admin-webhook.reason-behind", outbox.StoppedByHand: "admin-webhook.reason-paused",
	}
	webhookKinds = map[string]string{
		catalog.KindOrganization: "admin-webhook.kind-organization", catalog.KindDataset: "admin-webhook.kind-dataset",
		catalog.KindCommunity: "admin-webhook.kind-community", catalog.KindDataservice: "admin-webhook.kind-dataservice",
		catalog.KindReuse: "admin-webhook.kind-reuse", catalog.KindTopic: "admin-webhook.kind-topic", catalog.KindPost: "admin-webhook.kind-post",
	}
)

// myWebhooksPath is the page of one's own webhooks.
const myWebhooksPath = "/admin/me/webhooks"

func (p *Portal) adminWebhookRoutes(t *table) {
	if p.Webhooks == nil {
		return
	}
	for _, base := range []string{myWebhooksPath, "/admin/organizations/{id}/webhooks"} {
		adminPage(t, base, p.showWebhooks)
		form(t, base, "POST /api/2/webhooks/", p.createWebhook)
		adminPage(t, base+"/{webhook}", p.showWebhook)
		adminPage(t, base+"/{webhook}/messages/{delivery}", p.showWebhookMessage)
		form(t, base+"/{webhook}", "PATCH /api/2/webhooks/{webhook}/", p.saveWebhook)
		form(t, base+"/{webhook}/switch", "PATCH /api/2/webhooks/{webhook}/", p.switchWebhook)
		form(t, base+"/{webhook}/secret", "POST /api/2/webhooks/{webhook}/secret/", p.rotateWebhook)
		form(t, base+"/{webhook}/test", "POST /api/2/webhooks/{webhook}/test/", p.testWebhook)
		form(t, base+"/{webhook}/remove", "DELETE /api/2/webhooks/{webhook}/", p.removeWebhook)
		form(t, base+"/{webhook}/replay", "POST /api/2/webhooks/{webhook}/deliveries/{delivery}/replay/", p.replayWebhook)
	}
}

// adminWebhooks are the webhooks of a person or an organisation.
type adminWebhooks struct {
	// Docs leads to the description of the messages.
	Docs string
	List listing
	Form formView
}

// adminWebhook is a webhook and what was sent to it.
type adminWebhook struct {
	// State says whether it works, Reason why it was stopped, empty when it was not.
	State  badge
	Reason string
	// Accepted is when a message was last accepted, Failures how many tries failed since.
	Accepted string
	Failures int64
	Address  string
	// Buttons try it and switch it.
	Buttons []button
	Form    formView
	Sent    listing
	Danger  dangerZone
}

// adminWebhookSecret shows the secret of a webhook, which nobody sees again.
type adminWebhookSecret struct {
	Secret string
	// Next leads to the webhook.
	Next string
}

// webhookPlace is whose webhooks a page shows.
type webhookPlace struct {
	owner        account.Owner
	organization *account.Organization
	path         string
}

// webhookPlace finds it by the address: the organisation that it names, else the person.
func (v *visit) webhookPlace() (webhookPlace, error) {
	key := v.Param("id")
	if key == "" {
		me, err := v.me()
		if err != nil {
			return webhookPlace{}, err
		}
		return webhookPlace{owner: account.Owner{User: me.ID}, path: myWebhooksPath}, nil
	}
	o, err := v.inside(key, account.EditWebhooks)
	if err != nil {
		return webhookPlace{}, err
	}
	return webhookPlace{owner: account.Owner{Organization: o.ID}, organization: o, path: organizationAdmin(o.ID, "/webhooks")}, nil
}

// webhookAt finds the webhook that the address names, where it belongs.
func (v *visit) webhookAt(id string) (webhookPlace, *outbox.Webhook, error) {
	place, err := v.webhookPlace()
	if err != nil {
		return webhookPlace{}, nil, err
	}
	h, err := v.p.Webhooks.Get(v.Context(), v.viewer, id)
	if err == nil && h.OwnedBy() != place.owner {
		err = fault.New(fault.NotFound, "Webhook not found")
	}
	return place, h, err
}

// webhookDraft begins a page of the place; tail is what follows its path.
func (v *visit) webhookDraft(place webhookPlace, name, title, tail string) adminDraft {
	d := adminDraft{name: name, title: title, path: place.path + tail, scope: scopeMe, icon: "arrow-right"}
	if place.organization != nil {
		d = v.organizationAdminDraft(place.organization, name, title, "/webhooks"+tail)
	}
	if tail != "" {
		d.crumbs = []Link{{v.say.T("admin-webhook.title"), v.path(place.path)}}
	}
	return d
}

func (p *Portal) showWebhooks(v *visit, _ web.None) error {
	place, err := v.webhookPlace()
	if err != nil {
		return err
	}
	hooks, err := p.Webhooks.List(v.Context(), v.viewer, place.owner)
	if err != nil {
		return err
	}
	f := v.form("webhook", place.path).light().submit("admin-webhook.create", "plus")
	v.webhookFields(f, &outbox.Webhook{Watched: optionalText(place.owner.Organization)}, place)
	d := v.webhookDraft(place, "webhooks", v.say.T("admin-webhook.title"), "")
	d.lead = v.say.T("admin-webhook.lead")
	d.data = adminWebhooks{Docs: v.path("/developers"), List: v.webhookList(hooks, place), Form: f.view()}
	return v.showAdmin(d)
}

func optionalText(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// webhookList shows webhooks.
func (v *visit) webhookList(hooks []outbox.Webhook, place webhookPlace) listing {
	column := func(name string) listColumn { return listColumn{Label: v.say.T("admin-webhook." + name)} }
	list := listing{
		ID: "webhooks", Caption: v.say.T("admin-webhook.list"), Columns: []listColumn{column("column-name"), column("column-state"), column("accepted")},
		Total: len(hooks), Empty: emptyState{Icon: "arrow-right", Title: v.say.T("admin-webhook.none"), Text: v.say.T("admin-webhook.none-text")},
	}
	for i := range hooks {
		h := &hooks[i]
		accepted := textCell(v.say.T("admin-webhook.never"))
		if !h.AcceptedAt.IsZero() {
			accepted = momentCell(h.AcceptedAt.Time)
		}
		address := h.URL
		if h.Label() == address {
			address = "" // said once
		}
		list.Rows = append(list.Rows, listRow{Cells: []listCell{
			linkCell(h.Label(), v.path(place.path+"/"+url.PathEscape(h.ID)), address), badgeCell(v.webhookState(h)), accepted,
		}})
	}
	return list
}

// webhookState says whether a webhook works.
func (v *visit) webhookState(h *outbox.Webhook) badge {
	switch {
	case !h.Active && deref(h.StoppedWhy) == outbox.StoppedByHand:
		return badge{v.say.T("admin-webhook.state-off"), "", "close"}
	case !h.Active:
		return badge{v.say.T("admin-webhook.state-stopped"), "danger", "warning"}
	case h.Failures > 0:
		return badge{v.say.T("admin-webhook.state-failing"), "warning", "warning"}
	}
	return badge{v.say.T("admin-webhook.state-on"), "success", "success"}
}

// webhookFields ask for what is told of a webhook.
func (v *visit) webhookFields(f *formDraft, h *outbox.Webhook, place webhookPlace) {
	f.link("url", "admin-webhook.url", h.URL).require().help("admin-webhook.url-help").example("https://example.org/webhook")
	f.text("name", "admin-webhook.name", h.Name).most(100).help("admin-webhook.name-help")
	kinds := h.KindList()
	var options []option
	for _, kind := range outbox.Kinds {
		options = append(options, option{Value: kind, Label: v.say.T(webhookKinds[kind])})
	}
	for _, kind := range kinds { // narrower ones come from programs
		if !slices.Contains(outbox.Kinds, kind) {
			options = append(options, option{Value: kind, Label: kind})
		}
	}
	f.checks("kinds", "admin-webhook.kinds", kinds, options).help("admin-webhook.kinds-help")
	if place.organization != nil {
		f.check("everybody", "admin-webhook.everybody", h.Watched == nil)
	}
	f.text("tag", "admin-webhook.tag", deref(h.Tag)).most(100).help("admin-webhook.tag-help")
}

// webhookInput reads what webhookFields asked.
func webhookInput(sent *posted, place webhookPlace) outbox.Input {
	in := outbox.Input{
		URL: account.Some(sent.text("url")), Name: account.Some(sent.text("name")), Kinds: account.Some(sent.texts("kinds")), Tag: account.Some(sent.text("tag")),
	}
	if place.organization != nil {
		in.Watched = account.Some(place.owner.Organization)
		if sent.checked("everybody") {
			in.Watched.Value = ""
		}
	}
	return in
}

func (p *Portal) createWebhook(v *visit, in web.None, sent *posted) error {
	place, err := v.webhookPlace()
	if err != nil {
		return err
	}
	hook, secret, err := p.Webhooks.Create(sent.Context(), v.viewer, place.owner, webhookInput(sent, place))
	if err != nil {
		return sent.again(err, func() error { return p.showWebhooks(v, in) })
	}
	return v.showWebhookSecret(place, hook.ID, secret)
}

func (v *visit) showWebhookSecret(place webhookPlace, id, secret string) error {
	tail := "/" + url.PathEscape(id)
	d := v.webhookDraft(place, "webhook-secret", v.say.T("admin-webhook.secret"), tail)
	d.icon, d.data = "key", adminWebhookSecret{Secret: secret, Next: v.path(place.path + tail)}
	return v.showAdmin(d)
}

// webhookArgs name a webhook and a page of what was sent to it.
type webhookArgs struct {
	Webhook string `path:"webhook"`
	listArgs
}

func (p *Portal) showWebhook(v *visit, in webhookArgs) error {
	place, h, err := v.webhookAt(in.Webhook)
	if err != nil {
		return err
	}
	tail := "/" + url.PathEscape(h.ID)
	path := place.path + tail
	l := v.lister(path, in.listArgs, nil)
	sent, total, err := p.Webhooks.Deliveries(v.Context(), v.viewer, h.ID, catalog.Page{Offset: l.offset(), Limit: l.Size})
	if err != nil {
		return err
	}
	f := v.form("webhook", path).version(h.Version).submit("form.save", "check").cancel(place.path)
	v.webhookFields(f, h, place)
	content := adminWebhook{Address: h.URL, State: v.webhookState(h), Failures: h.Failures, Accepted: v.say.T("admin-webhook.never"), Form: f.view(), Sent: v.sentList(sent, total, path, l)}
	if !h.AcceptedAt.IsZero() {
		content.Accepted = v.say.Ago(h.AcceptedAt, v.now)
	}
	turn, icon, active := "admin-webhook.switch-off", "close", ""
	if !h.Active {
		turn, icon, active = "admin-webhook.switch-on", "check", "true"
		content.Reason = v.say.T(webhookReasons[deref(h.StoppedWhy)])
	}
	test := v.button(path+"/test", "admin-webhook.test", "arrow-right")
	test.Tone = "primary"
	content.Buttons = []button{test, v.button(path+"/switch", turn, icon, "active", active)}
	rotate := v.form("rotate", path+"/secret").titled("admin-webhook.rotate", "admin-webhook.rotate-text").submit("admin-webhook.rotate", "key").danger()
	remove := v.form("remove", path+"/remove").titled("admin-webhook.remove", "admin-webhook.remove-text").submit("admin-webhook.remove", "trash").danger()
	content.Danger = dangerZone{Forms: []formView{rotate.view(), remove.view()}}
	d := v.webhookDraft(place, "webhook", h.Label(), tail)
	d.kicker, d.data = "admin-webhook.kind", content
	return v.showAdmin(d.failed(v))
}

// sentList shows what was sent to a webhook, the latest first.
func (v *visit) sentList(sent []outbox.Delivery, total int, path string, l *lister) listing {
	column := func(name string) listColumn { return listColumn{Label: v.say.T("admin-webhook." + name)} }
	list := listing{
		ID: "sent", Caption: v.say.T("admin-webhook.sent"), Total: total, Pager: l.pager(total), Sizes: l.sizes(total),
		Columns: []listColumn{column("sent-what"), column("sent-at"), column("column-state"), column("sent-answer"), column("sent-action")},
		Empty:   emptyState{Icon: "arrow-right", Title: v.say.T("admin-webhook.sent-none"), Text: v.say.T("admin-webhook.sent-none-text")},
	}
	for i := range sent {
		d := &sent[i]
		again := v.button(path+"/replay", "admin-webhook.replay", "refresh", "delivery", d.ID)
		again.Small, again.Of = true, v.say.Ago(d.CreatedAt, v.now)
		list.Rows = append(list.Rows, listRow{Cells: []listCell{
			linkCell(v.sentWhat(d), v.path(messagePath(path, d.ID)), ""), momentCell(d.CreatedAt.Time), badgeCell(v.sentState(d)), v.sentAnswer(d), buttonCell(again),
		}})
	}
	return list
}

func messagePath(path, id string) string { return path + "/messages/" + url.PathEscape(id) }

// sentWhat says what a message holds.
func (v *visit) sentWhat(d *outbox.Delivery) string {
	if d.Kind == outbox.DeliverChanges {
		return v.say.T("admin-webhook.sent-changes", "count", d.Changes)
	}
	return v.say.T("admin-webhook.sent-test")
}

// sentState says what became of a message.
func (v *visit) sentState(d *outbox.Delivery) badge {
	switch d.State {
	case outbox.Accepted:
		return badge{v.say.T("admin-webhook.sent-accepted"), "success", "success"}
	case outbox.Waiting:
		return badge{v.say.T("admin-webhook.sent-waiting"), "", "clock"}
	}
	return badge{v.say.T("admin-webhook.sent-failed"), "danger", "warning"}
}

// sentAnswer says what the receiver answered to the last try.
func (v *visit) sentAnswer(d *outbox.Delivery) listCell {
	cell := textCell("–")
	switch {
	case d.Status != nil:
		cell = textCell("HTTP " + strconv.FormatInt(*d.Status, 10))
		cell.Detail = shortTitle(deref(d.Answer))
	case d.Error != nil:
		cell = textCell(v.say.T("admin-webhook.no-answer"))
		cell.Detail = v.sentError(d)
	}
	if d.Attempts > 1 {
		cell.Detail = v.say.T("admin-webhook.tries", "count", d.Attempts)
	}
	return cell
}

// sentErrors say why there was no answer.
var sentErrors = map[string]string{
	string(fetch.Unreachable): "admin-webhook.error-unreachable", string(fetch.Insecure): "admin-webhook.error-insecure",
	string(fetch.Timeout): "admin-webhook.error-timeout", string(fetch.Busy): "admin-webhook.error-timeout",
	string(fetch.Refused): "admin-webhook.error-refused", string(fetch.Port): "admin-webhook.error-refused",
	string(fetch.Off): "admin-webhook.error-refused", "stopped": "admin-webhook.error-stopped",
}

// sentError says why there was no answer to the last try; "" when there was one.
func (v *visit) sentError(d *outbox.Delivery) string {
	if d.Error == nil {
		return ""
	}
	if text := sentErrors[*d.Error]; text != "" {
		return v.say.T(text)
	}
	return v.say.T("admin-webhook.error-broken")
}

// adminWebhookMessage is what was sent to a webhook, and what came of it.
type adminWebhookMessage struct {
	State badge
	// ID is told to the receiver in the header Webhook-Id.
	ID string
	// Moments of the message, of its last try and of the next one; zero for none.
	Made, Tried, Next time.Time
	Tries             int64
	// Status is what the receiver answered to the last try, Error why it did not, Took after how long.
	Status, Error, Took string
	Answer, Body        string
	// Earlier leads to the message that this one repeats.
	Earlier string
	Again   button
}

// messageArgs name a message of a webhook.
type messageArgs struct {
	Webhook  string `path:"webhook"`
	Delivery string `path:"delivery"`
}

func (p *Portal) showWebhookMessage(v *visit, in messageArgs) error {
	place, h, err := v.webhookAt(in.Webhook)
	if err != nil {
		return err
	}
	sent, err := p.Webhooks.Delivery(v.Context(), v.viewer, h.ID, in.Delivery)
	if err != nil {
		return err
	}
	tail := "/" + url.PathEscape(h.ID)
	path := place.path + tail
	content := adminWebhookMessage{
		State: v.sentState(sent), ID: sent.ID, Made: sent.CreatedAt.Time, Tried: sent.TriedAt.Time, Tries: sent.Attempts, Error: v.sentError(sent),
		Answer: deref(sent.Answer), Body: indented(sent.Body), Again: v.button(path+"/replay", "admin-webhook.replay", "refresh", "delivery", sent.ID),
	}
	if sent.State == outbox.Waiting {
		content.Next = sent.NextAt.Time
	}
	if sent.Status != nil {
		content.Status = "HTTP " + strconv.FormatInt(*sent.Status, 10)
	}
	if sent.Took != nil {
		content.Took = v.say.Number(*sent.Took) + "\u00a0ms"
	}
	if sent.AgainOf != nil {
		content.Earlier = v.path(messagePath(path, *sent.AgainOf))
	}
	d := v.webhookDraft(place, "webhook-message", v.sentWhat(sent), tail+"/messages/"+url.PathEscape(sent.ID))
	d.crumbs = append(d.crumbs, Link{h.Label(), v.path(path)})
	d.kicker, d.data = "admin-webhook.message", content
	return v.showAdmin(d)
}

// indented is JSON as people read it.
func indented(text string) string {
	var out bytes.Buffer
	if json.Indent(&out, []byte(text), "", "  ") != nil {
		return text
	}
	return out.String()
}

func (p *Portal) saveWebhook(v *visit, in webhookArgs, sent *posted) error {
	place, _, err := v.webhookAt(in.Webhook)
	if err != nil {
		return err
	}
	return p.webhookDone(v, in, sent, place, "admin-webhook.done-saved", func() error {
		_, err := p.Webhooks.Update(sent.Context(), v.viewer, in.Webhook, webhookInput(sent, place))
		return err
	})
}

// webhookDone runs what a form asks, and shows the webhook with what came of it.
func (p *Portal) webhookDone(v *visit, in webhookArgs, sent *posted, place webhookPlace, message string, fn func() error) error {
	if err := fn(); err != nil {
		return sent.again(err, func() error { return p.showWebhook(v, in) })
	}
	return sent.done(place.path+"/"+url.PathEscape(in.Webhook), message)
}

func (p *Portal) switchWebhook(v *visit, in webhookArgs, sent *posted) error {
	place, _, err := v.webhookAt(in.Webhook)
	if err != nil {
		return err
	}
	active, message := sent.checked("active"), "admin-webhook.done-off"
	if active {
		message = "admin-webhook.done-on"
	}
	return p.webhookDone(v, in, sent, place, message, func() error {
		_, err := p.Webhooks.Update(sent.Context(), v.viewer, in.Webhook, outbox.Input{Active: account.Some(active)})
		return err
	})
}

func (p *Portal) rotateWebhook(v *visit, in webhookArgs, sent *posted) error {
	place, _, err := v.webhookAt(in.Webhook)
	if err != nil {
		return err
	}
	secret, err := p.Webhooks.Rotate(sent.Context(), v.viewer, in.Webhook)
	if err != nil {
		return sent.again(err, func() error { return p.showWebhook(v, in) })
	}
	return v.showWebhookSecret(place, in.Webhook, secret)
}

func (p *Portal) testWebhook(v *visit, in webhookArgs, sent *posted) error {
	place, _, err := v.webhookAt(in.Webhook)
	if err != nil {
		return err
	}
	tried, err := p.Webhooks.Test(sent.Context(), v.viewer, in.Webhook)
	if err != nil {
		return sent.again(err, func() error { return p.showWebhook(v, in) })
	}
	message := "admin-webhook.done-refused"
	if tried.State == outbox.Accepted {
		message = "admin-webhook.done-tested"
	}
	return sent.done(place.path+"/"+url.PathEscape(in.Webhook), message)
}

func (p *Portal) removeWebhook(v *visit, in webhookArgs, sent *posted) error {
	place, _, err := v.webhookAt(in.Webhook)
	if err != nil {
		return err
	}
	if err := p.Webhooks.Remove(sent.Context(), v.viewer, in.Webhook); err != nil {
		return sent.again(err, func() error { return p.showWebhook(v, in) })
	}
	return sent.done(place.path, "admin-webhook.done-removed")
}

func (p *Portal) replayWebhook(v *visit, in webhookArgs, sent *posted) error {
	place, _, err := v.webhookAt(in.Webhook)
	if err != nil {
		return err
	}
	return p.webhookDone(v, in, sent, place, "admin-webhook.done-replayed", func() error {
		_, err := p.Webhooks.Replay(sent.Context(), v.viewer, in.Webhook, sent.text("delivery"))
		return err
	})
}
