package portal

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"image/color"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/i18n"
	"grenier/internal/image"
	"grenier/internal/portal/theme"
	"grenier/internal/web"
)

// Bounds of the pictures that stand for a page where its address is shared.
const (
	sharesAtOnce = 2         // drawn at a time
	shareFor     = time.Hour // how long one is shown again
	shareTime    = 10 * time.Second
)

// shares draws the pictures that stand for pages where their addresses are
// shared. They show what everybody may read, in the site's own language.
type shares struct {
	p     *Portal
	slots chan struct{}
}

func newShares(p *Portal) *shares { return &shares{p: p, slots: make(chan struct{}, sharesAtOnce)} }

// routes declares the pictures in the table of the site's root.
func (s *shares) routes(root *web.Table) {
	doc := web.Doc{Keep: true, NoMask: true, Timeout: shareTime}
	web.Get[web.Raw](root, "/share/site.png", doc, s.serveSite)
	web.Get[web.Raw](root, "/share/{kind}/{file}", doc, s.serveObject)
}

// sharing is one picture being made.
type sharing struct {
	*shares
	*web.Call
	look *theme.Theme
	say  *i18n.Printer
}

func (s *shares) begin(c *web.Call) *sharing {
	look := s.p.look.theme()
	return &sharing{shares: s, Call: c, look: look, say: look.Printer(s.p.Language)}
}

func (s *shares) serveSite(c *web.Call, _ web.None) error {
	h := s.begin(c)
	metrics, err := s.p.Catalog.SiteMetrics(c.Context())
	if err != nil {
		return err
	}
	card := image.Card{Title: h.siteTitle(), Kind: h.say.T("sharing.site"), Producer: h.tagline()}
	for _, one := range []struct {
		name  string
		count int64
	}{{"datasets", metrics.Datasets}, {"resources", metrics.Resources}, {"organizations", metrics.Organizations}, {"reuses", metrics.Reuses}} {
		card.Figures = append(card.Figures, image.Figure{Value: h.say.Compact(one.count), Label: h.say.T("home.figure-"+one.name, "count", one.count)})
	}
	return h.answer(card, homeKeys...)
}

func (h *sharing) siteTitle() string {
	if title := h.look.About.Title[h.p.Language]; title != "" {
		return title
	}
	return h.Site.Title
}

func (h *sharing) tagline() string {
	if words := h.look.About.Tagline[h.p.Language]; words != "" {
		return words
	}
	return h.say.T("home.title")
}

// serveObject answers with the picture of an object: /share/datasets/<id>.png.
func (s *shares) serveObject(c *web.Call, _ web.None) error {
	id, ok := strings.CutSuffix(c.Param("file"), ".png")
	describe := map[string]func(*sharing, context.Context, string) (image.Card, []web.Key, error){
		"datasets": (*sharing).dataset, "organizations": (*sharing).organization, "reuses": (*sharing).reuse,
		"dataservices": (*sharing).dataservice, "topics": (*sharing).topic, "posts": (*sharing).post,
	}[c.Param("kind")]
	if !ok || describe == nil {
		return fault.New(fault.NotFound, "There is no such picture.")
	}
	h := s.begin(c)
	card, keys, err := describe(h, c.Context(), id)
	if err != nil {
		return err
	}
	card.Site = h.siteTitle()
	return h.answer(card, keys...)
}

// answer draws a card and answers with it, unless the caller has it already.
func (h *sharing) answer(card image.Card, keys ...web.Key) error {
	card.Colours = h.p.cardColours(h.look)
	described, err := json.Marshal(card)
	if err != nil {
		return err
	}
	h.W.Header()["Cache-Control"] = []string{"public, max-age=" + strconv.Itoa(int(shareFor.Seconds()))}
	sum := sha256.Sum256(described)
	if h.NotModified(fmt.Sprintf(`"share-%x"`, sum[:12]), time.Time{}) {
		return nil
	}
	picture, err := h.draw(card)
	if err != nil {
		return err
	}
	h.W.Header()["X-Content-Type-Options"] = []string{"nosniff"}
	h.Keep(time.Now().Add(shareFor), keys...)
	return h.Blob(http.StatusOK, "image/png", picture)
}

// draw draws a card when it is its turn.
func (h *sharing) draw(card image.Card) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-h.Context().Done():
		return nil, h.Context().Err()
	}
	return card.PNG()
}

// figure is a number of a card.
func (h *sharing) figure(count int64, message string) image.Figure {
	return image.Figure{Value: h.say.Compact(count), Label: h.say.T(message, "count", count)}
}

func (h *sharing) dataset(ctx context.Context, id string) (image.Card, []web.Key, error) {
	d, err := h.p.Catalog.Dataset(ctx, account.Nobody, id, catalog.Parts{})
	if err != nil {
		return image.Card{}, nil, err
	}
	card := image.Card{
		Kind: h.say.T("sharing.dataset"), Title: d.Title, Producer: d.OwnerName(), Logo: h.logo(d.Organization),
		Figures: []image.Figure{
			h.figure(d.ResourceTotal(), "sharing.files"), h.figure(d.Views, "sharing.views"), h.figure(d.Reuses, "sharing.reuses"),
		},
	}
	if d.Downloads != nil && *d.Downloads > 0 {
		card.Figures = append(card.Figures, h.figure(*d.Downloads, "sharing.downloads"))
	}
	return card, append(ownerKeys(d.OwnedBy()), web.Object(catalog.KindDataset, d.ID)), nil
}

func (h *sharing) organization(ctx context.Context, id string) (image.Card, []web.Key, error) {
	o, err := h.p.Organizations.Get(ctx, account.Nobody, id)
	if err != nil {
		return image.Card{}, nil, err
	}
	card := image.Card{
		Kind: h.say.T("sharing.organization"), Title: o.Name, Logo: h.picture(o.Logo, o.ImageURL, o.LogoThumbnail),
		Figures: []image.Figure{h.figure(o.Datasets, "sharing.datasets"), h.figure(o.Reuses, "sharing.reuses"), h.figure(o.Followers, "sharing.followers")},
	}
	return card, []web.Key{web.Object(catalog.KindOrganization, o.ID)}, nil
}

func (h *sharing) reuse(ctx context.Context, id string) (image.Card, []web.Key, error) {
	r, err := h.p.Catalog.Reuse(ctx, account.Nobody, id)
	if err != nil {
		return image.Card{}, nil, err
	}
	card := image.Card{
		Kind: i18n.Label(i18n.ReuseType, r.Type, h.p.Language), Title: r.Title, Producer: r.OwnerName(), Logo: h.picture(r.ImageThumbnail, r.Image),
		Figures: []image.Figure{h.figure(r.DatasetCount, "sharing.datasets"), h.figure(r.Views, "sharing.views")},
	}
	return card, append(ownerKeys(r.OwnedBy()), web.Object(catalog.KindReuse, r.ID)), nil
}

func (h *sharing) dataservice(ctx context.Context, id string) (image.Card, []web.Key, error) {
	s, err := h.p.Catalog.Dataservice(ctx, account.Nobody, id)
	if err != nil {
		return image.Card{}, nil, err
	}
	card := image.Card{
		Kind: h.say.T("sharing.dataservice"), Title: s.Title, Producer: s.OwnerName(), Logo: h.logo(s.Organization),
		Figures: []image.Figure{h.figure(s.DatasetCount, "sharing.datasets")},
	}
	return card, append(ownerKeys(s.OwnedBy()), web.Object(catalog.KindDataservice, s.ID)), nil
}

func (h *sharing) topic(ctx context.Context, id string) (image.Card, []web.Key, error) {
	topic, err := h.p.Catalog.Topic(ctx, account.Nobody, id)
	if err != nil {
		return image.Card{}, nil, err
	}
	card := image.Card{
		Kind: h.say.T("sharing.topic"), Title: topic.Name, Producer: topic.OwnerName(), Logo: h.logo(topic.Organization),
		Figures: []image.Figure{h.figure(topic.ElementCount, "sharing.elements")},
	}
	return card, append(ownerKeys(topic.OwnedBy()), web.Object(catalog.KindTopic, topic.ID)), nil
}

func (h *sharing) post(ctx context.Context, id string) (image.Card, []web.Key, error) {
	post, err := h.p.Catalog.Post(ctx, account.Nobody, id)
	if err != nil {
		return image.Card{}, nil, err
	}
	card := image.Card{Kind: h.say.T("sharing.post"), Title: post.Name, Producer: h.say.Date(post.PublishedAt)}
	return card, []web.Key{web.Object(catalog.KindPost, post.ID)}, nil
}

// logo is the logo of an organisation, if it is at hand.
func (h *sharing) logo(o *account.OrganizationRef) []byte {
	if o == nil {
		return nil
	}
	return h.picture(o.Logo, o.LogoThumbnail)
}

// picture is the picture at one of some addresses, if it was got before: no
// other server is asked for a card.
func (h *sharing) picture(addresses ...*string) []byte {
	address := firstAddress(addresses...)
	if address == "" || h.p.pictures == nil {
		return nil
	}
	for _, size := range pictureSizes {
		if body, _, ok := h.p.pictures.shelf.get(address, size); ok {
			return body
		}
	}
	return nil
}

// cardColours are the colours of the site's look as far as they are written as
// hexadecimal numbers, those of the light appearance.
func (p *Portal) cardColours(look *theme.Theme) image.Colours {
	styles := p.front.text("main.css")
	if pack, ok := look.Asset("tokens.css"); ok {
		styles = string(pack.Content) + styles
	}
	colours := tokenColours(styles)
	return image.Colours{
		Accent: colours["accent"], AccentText: colours["accent-fg"], Background: colours["bg"], Text: colours["fg"], Muted: colours["fg-muted"],
	}
}

var tokenPattern = regexp.MustCompile(`--gr-color-([a-z-]+)\s*:\s*#([0-9a-fA-F]{6}|[0-9a-fA-F]{3})\b`)

// tokenColours reads the first value of each colour.
func tokenColours(styles string) map[string]color.NRGBA {
	colours := map[string]color.NRGBA{}
	for _, found := range tokenPattern.FindAllStringSubmatch(styles, 200) {
		name, digits := found[1], found[2]
		if _, known := colours[name]; known {
			continue
		}
		if len(digits) == 3 {
			digits = strings.Join([]string{digits[:1], digits[:1], digits[1:2], digits[1:2], digits[2:], digits[2:]}, "")
		}
		value, err := strconv.ParseUint(digits, 16, 32)
		if err == nil {
			colours[name] = color.NRGBA{R: uint8(value >> 16), G: uint8(value >> 8), B: uint8(value), A: 0xff}
		}
	}
	return colours
}
