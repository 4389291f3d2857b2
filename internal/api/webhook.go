package api

import (
	"encoding/json"
	"net/http"

	"grenier/internal/account"
	"grenier/internal/outbox"
	"grenier/internal/web"
)

// webhookRoutes manage the addresses that are sent what changes.
func (a *API) webhookRoutes() {
	doc := func(summary string, status int) web.Doc {
		return web.Doc{Summary: summary, Tags: []string{"webhooks"}, Auth: web.User, Status: status, NoStore: true}
	}
	create := doc("Make a webhook", http.StatusCreated)
	create.Description = "Of an organization that I administer when it is named, else of mine. The answer alone holds the secret that signs what is sent."
	change := doc("Change a webhook", 0)
	change.Description = "What is left out stays. One that is switched on again is told of what changes from then on: what it missed is in /api/2/changes."
	web.Get[[]Webhook](a.v2, "/webhooks/", doc("List my webhooks, or those of an organization", 0), a.listWebhooks)
	web.Post[MadeWebhook, web.None, WebhookWrite](a.v2, "/webhooks/", create, a.createWebhook)
	web.Get[Webhook](a.v2, "/webhooks/{webhook}/", doc("Read a webhook", 0), a.getWebhook)
	web.Patch[Webhook, web.None, WebhookWrite](a.v2, "/webhooks/{webhook}/", change, a.updateWebhook)
	web.Delete[web.None](a.v2, "/webhooks/{webhook}/", doc("Remove a webhook", http.StatusNoContent), a.removeWebhook)
	web.Post[OAuthSecret, web.None, web.None](a.v2, "/webhooks/{webhook}/secret/", doc("Give a webhook another secret", 0), a.rotateWebhook)
	test := doc("Send a webhook a message for trial", 0)
	test.Description = "Tried once, at once: the answer tells what came of it."
	web.Post[WebhookDelivery, web.None, web.None](a.v2, "/webhooks/{webhook}/test/", test, a.testWebhook)
	web.Get[web.Page[WebhookDelivery]](a.v2, "/webhooks/{webhook}/deliveries/", doc("List what was sent to a webhook", 0), a.listDeliveries)
	web.Get[WebhookDeliveryBody](a.v2, "/webhooks/{webhook}/deliveries/{delivery}/", doc("Read what was sent to a webhook", 0), a.getDelivery)
	web.Post[WebhookDelivery, web.None, web.None](a.v2, "/webhooks/{webhook}/deliveries/{delivery}/replay/", doc("Send it once more", http.StatusCreated), a.replayDelivery)
}

// Webhook is an address that is sent what changes.
type Webhook struct {
	AcceptedAt          Moment   `json:"accepted_at"`
	Active              bool     `json:"active"`
	CreatedAt           Moment   `json:"created_at"`
	Failures            int64    `json:"failures"`
	ID                  string   `json:"id"`
	Kinds               []string `json:"kinds"`
	LastModified        Moment   `json:"last_modified"`
	Name                string   `json:"name"`
	Organization        *string  `json:"organization"`
	Owner               *string  `json:"owner"`
	StoppedAt           Moment   `json:"stopped_at"`
	StoppedReason       *string  `json:"stopped_reason"`
	Tag                 *string  `json:"tag"`
	URL                 string   `json:"url"`
	WatchedOrganization *string  `json:"watched_organization"`
}

// MadeWebhook is a webhook with its secret in clear.
type MadeWebhook struct {
	Webhook
	Secret string `json:"secret"`
}

// WebhookDelivery is what was sent to a webhook, and what came of the last try.
type WebhookDelivery struct {
	AgainOf   *string `json:"again_of"`
	Answer    *string `json:"answer"`
	Attempts  int64   `json:"attempts"`
	Changes   int64   `json:"changes"`
	CreatedAt Moment  `json:"created_at"`
	Error     *string `json:"error"`
	ID        string  `json:"id"`
	Kind      string  `json:"kind"`
	NextAt    Moment  `json:"next_at"`
	State     string  `json:"state"`
	Status    *int64  `json:"status"`
	TookMS    *int64  `json:"took_ms"`
	TriedAt   Moment  `json:"tried_at"`
}

// WebhookDeliveryBody is a delivery with the message that is sent.
type WebhookDeliveryBody struct {
	WebhookDelivery
	Body json.RawMessage `json:"body"`
}

// WebhookWrite is what may be written of a webhook.
type WebhookWrite struct {
	Active              web.Opt[bool]      `json:"active"`
	Kinds               web.Opt[[]string]  `json:"kinds"`
	Name                web.Opt[string]    `json:"name"`
	Organization        web.Opt[Reference] `json:"organization"`
	Tag                 web.Opt[string]    `json:"tag"`
	URL                 web.Opt[string]    `json:"url"`
	WatchedOrganization web.Opt[Reference] `json:"watched_organization"`
}

func (b WebhookWrite) input() outbox.Input {
	return outbox.Input{
		Name: opt(b.Name, same), URL: opt(b.URL, same), Kinds: opt(b.Kinds, same), Tag: opt(b.Tag, same), Active: opt(b.Active, same),
		Watched: opt(b.WatchedOrganization, referenced),
	}
}

func webhook(h *outbox.Webhook) Webhook {
	return Webhook{
		AcceptedAt: moment(h.AcceptedAt), Active: h.Active, CreatedAt: moment(h.CreatedAt), Failures: h.Failures, ID: h.ID, Kinds: list(h.KindList()),
		LastModified: moment(h.ModifiedAt), Name: h.Name, Organization: h.OrganizationID, Owner: h.OwnerID, StoppedAt: moment(h.StoppedAt),
		StoppedReason: h.StoppedWhy, Tag: h.Tag, URL: h.URL, WatchedOrganization: h.Watched,
	}
}

func webhookDelivery(d *outbox.Delivery) WebhookDelivery {
	return WebhookDelivery{
		AgainOf: d.AgainOf, Answer: d.Answer, Attempts: d.Attempts, Changes: d.Changes, CreatedAt: moment(d.CreatedAt), Error: d.Error, ID: d.ID,
		Kind: d.Kind, NextAt: moment(d.NextAt), State: d.State, Status: d.Status, TookMS: d.Took, TriedAt: moment(d.TriedAt),
	}
}

// webhookListArgs are the arguments of the list of webhooks.
type webhookListArgs struct {
	Organization string `query:"organization" oid:"Organization arg must be an identifier" help:"The identifier of an organization that I administer"`
}

func (a *API) listWebhooks(c *web.Call, q webhookListArgs) error {
	v := viewer(c)
	owner := account.Owner{User: v.UserID()}
	if q.Organization != "" {
		owner = account.Owner{Organization: q.Organization}
	}
	hooks, err := a.Webhooks.List(c.Context(), v, owner)
	if err != nil {
		return err
	}
	items := make([]Webhook, len(hooks))
	for i := range hooks {
		items[i] = webhook(&hooks[i])
	}
	return send(c, http.StatusOK, items)
}

func (a *API) createWebhook(c *web.Call, _ web.None, body WebhookWrite) error {
	v := viewer(c)
	owner := account.Owner{User: v.UserID()}
	if organization, ok := opt(body.Organization, referenced).Get(); ok && organization != "" {
		owner = account.Owner{Organization: organization}
	}
	hook, secret, err := a.Webhooks.Create(c.Context(), v, owner, body.input())
	if err != nil {
		return err
	}
	return send(c, http.StatusCreated, MadeWebhook{webhook(hook), secret})
}

func (a *API) getWebhook(c *web.Call, _ web.None) error {
	hook, err := a.Webhooks.Get(c.Context(), viewer(c), c.Param("webhook"))
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, webhook(hook))
}

func (a *API) updateWebhook(c *web.Call, _ web.None, body WebhookWrite) error {
	hook, err := a.Webhooks.Update(c.Context(), viewer(c), c.Param("webhook"), body.input())
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, webhook(hook))
}

func (a *API) removeWebhook(c *web.Call, _ web.None) error {
	if err := a.Webhooks.Remove(c.Context(), viewer(c), c.Param("webhook")); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}

func (a *API) rotateWebhook(c *web.Call, _ web.None, _ web.None) error {
	secret, err := a.Webhooks.Rotate(c.Context(), viewer(c), c.Param("webhook"))
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, OAuthSecret{secret})
}

func (a *API) testWebhook(c *web.Call, _ web.None, _ web.None) error {
	tried, err := a.Webhooks.Test(c.Context(), viewer(c), c.Param("webhook"))
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, webhookDelivery(tried))
}

func (a *API) listDeliveries(c *web.Call, q web.Paging) error {
	all, total, err := a.Webhooks.Deliveries(c.Context(), viewer(c), c.Param("webhook"), window(q))
	if err != nil {
		return err
	}
	items := make([]WebhookDelivery, len(all))
	for i := range all {
		items[i] = webhookDelivery(&all[i])
	}
	return sendPage(c, q, items, total, "")
}

func (a *API) getDelivery(c *web.Call, _ web.None) error {
	d, err := a.Webhooks.Delivery(c.Context(), viewer(c), c.Param("webhook"), c.Param("delivery"))
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, WebhookDeliveryBody{webhookDelivery(d), json.RawMessage(d.Body)})
}

func (a *API) replayDelivery(c *web.Call, _ web.None, _ web.None) error {
	again, err := a.Webhooks.Replay(c.Context(), viewer(c), c.Param("webhook"), c.Param("delivery"))
	if err != nil {
		return err
	}
	return send(c, http.StatusCreated, webhookDelivery(again))
}
