package portal

import (
	"cmp"
	"net/url"
	"slices"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/fault"
)

// adminTransferContents are the types of Page.Data of the pages about what
// changes hands.
var adminTransferContents = map[string]any{
	"admin/transfers": adminTransfers{}, "admin/transfer": adminTransfer{}, "admin/transfer-new": adminTransferNew{},
}

// adminTransferRoutes declare the pages about what changes hands.
func (p *Portal) adminTransferRoutes(t *table) {
	adminPage(t, "/admin/transfers", p.showTransfers)
	adminPage(t, "/admin/transfers/new", p.showNewTransfer)
	form(t, "/admin/transfers/new", "POST /api/1/transfer/", p.requestTransfer)
	adminPage(t, "/admin/transfers/{transfer}", p.showTransfer)
	form(t, "/admin/transfers/{transfer}", "POST /api/1/transfer/{transfer}/", p.answerTransfer)
}

// adminTransfers are offers of what is to change hands.
type adminTransfers struct {
	List listing
}

// adminTransfer is one offer.
type adminTransfer struct {
	// Kind names what is offered, Object leads to it; without a path when it is
	// gone.
	Kind   string
	Object Link
	// From and To are the owners, By who asked.
	From, To Link
	By       string
	Asked    time.Time
	Comment  string
	// Answered is when it was answered; zero for not yet. Answer are the words.
	Answered time.Time
	Answer   string
	// Form answers; without an action for who may not.
	Form formView
}

type adminTransfersArgs struct {
	listArgs
	Side   string `query:"side"`
	Status string `query:"status"`
}

// The sides of transfers, in the argument of their list.
const (
	transfersIn  = ""
	transfersOut = "sent"
)

func (p *Portal) showTransfers(v *visit, in adminTransfersArgs) error {
	l := v.lister("/admin/transfers", in.listArgs, nil, "side", "status")
	filter := catalog.TransferFilter{Incoming: in.Side != transfersOut, Outgoing: in.Side == transfersOut, Limit: l.Size, Offset: l.offset()}
	states := []string{catalog.TransferPending, catalog.TransferAccepted, catalog.TransferRefused}
	if slices.Contains(states, in.Status) {
		filter.Status = in.Status
	}
	rows, total, err := p.Catalog.Transfers(v.Context(), v.viewer, filter)
	if err != nil {
		return err
	}
	waiting, err := p.Catalog.PendingTransfers(v.Context(), v.viewer)
	if err != nil {
		return err
	}
	options := []option{{Label: v.say.T("admin-transfer.all")}}
	for _, state := range states {
		options = append(options, option{Value: state, Label: v.transferState(state).Label})
	}
	content := adminTransfers{listing{
		ID: "transfers", Caption: v.say.T("admin-transfer.list"), Total: total, Pager: l.pager(total), Sizes: l.sizes(total),
		Filters: []listFilter{l.filter("admin-transfer.state", "status", options)},
		Columns: []listColumn{
			l.column("admin-transfer.object", ""), l.column("admin-transfer.from", ""), l.column("admin-transfer.to", ""),
			l.column("admin-transfer.asked", ""), l.column("admin-transfer.state", ""),
		},
		Empty: emptyState{Icon: "arrow-right", Title: v.say.T("admin-transfer.none"), Text: v.say.T("admin-transfer.none-text")},
	}}
	for i := range rows {
		t := &rows[i]
		title := linkCell(v.transferTitle(t), v.path("/admin/transfers/"+url.PathEscape(t.ID)), v.kindName(t.ObjectKind))
		title.Lang = v.contentLang()
		content.List.Rows = append(content.List.Rows, listRow{Cells: []listCell{
			title, textCell(t.Owner.Name()), textCell(t.Recipient.Name()), momentCell(t.CreatedAt.Time), badgeCell(v.transferState(t.Status)),
		}})
	}
	tabs := []tab{
		{v.say.T("admin-transfer.tab-in"), v.path("/admin/transfers"), int64(waiting), filter.Incoming},
		{v.say.T("admin-transfer.tab-out"), v.path("/admin/transfers") + "?side=" + transfersOut, -1, filter.Outgoing},
	}
	return v.showAdmin(adminDraft{
		name: "transfers", title: v.say.T("admin-transfer.title"), path: "/admin/transfers", scope: scopeMe,
		lead: v.say.T("admin-transfer.lead"), tabs: tabs, data: content,
	})
}

// kindName is the name of a kind of objects that change hands.
func (v *visit) kindName(kind string) string {
	switch kind {
	case catalog.KindReuse:
		return v.say.T("admin-transfer.kind-reuse")
	case catalog.KindDataservice:
		return v.say.T("admin-transfer.kind-dataservice")
	}
	return v.say.T("admin-transfer.kind-dataset")
}

func (v *visit) transferTitle(t *catalog.Transfer) string {
	if title := t.Title(); title != "" {
		return title
	}
	return v.say.T("admin-transfer.gone")
}

// transferState shows how an offer stands.
func (v *visit) transferState(status string) badge {
	switch status {
	case catalog.TransferAccepted:
		return badge{v.say.T("admin-transfer.accepted"), "success", "check"}
	case catalog.TransferRefused:
		return badge{v.say.T("admin-transfer.refused"), "", "close"}
	}
	return badge{v.say.T("admin-transfer.pending"), "warning", "clock"}
}

// elsewhere leads from a page that somebody may not see any more to one that they
// may.
type elsewhere struct{ target string }

func (e *elsewhere) Error() string { return "portal: the page is not for this person any more" }

// orHandedOver is a refusal of an object's page, or the way to the transfer by
// which who asks handed the object over.
func (v *visit) orHandedOver(refusal error, id string) error {
	if v.posted != nil || !fault.Is(refusal, fault.Forbidden) && !fault.Is(refusal, fault.NotFound) {
		return refusal
	}
	handed, _, err := v.p.Catalog.Transfers(v.Context(), v.viewer, catalog.TransferFilter{
		Subject: id, Status: catalog.TransferAccepted, Outgoing: true, Limit: 1,
	})
	if err != nil || len(handed) == 0 {
		return cmp.Or(err, refusal)
	}
	said := url.Values{"done": {"admin-transfer.done-handed"}}
	return &elsewhere{v.path("/admin/transfers/"+url.PathEscape(handed[0].ID)) + "?" + said.Encode()}
}

// partyLink leads to the public page of an owner.
func (v *visit) partyLink(party catalog.Party) Link {
	switch {
	case party.Organization != nil:
		return Link{party.Organization.Name, v.publicPage(catalog.KindOrganization, party.Organization.Slug)}
	case party.User != nil:
		return Link{party.User.FullName(), v.publicPage(catalog.KindUser, party.User.Slug)}
	}
	return Link{Label: v.say.T("admin-transfer.gone")}
}

// transferObject leads to what an offer is about.
func (v *visit) transferObject(t *catalog.Transfer) Link {
	slug := ""
	switch {
	case t.Dataset != nil:
		slug = t.Dataset.Slug
	case t.Reuse != nil:
		slug = t.Reuse.Slug
	case t.Dataservice != nil:
		slug = t.Dataservice.Slug
	default:
		return Link{Label: v.say.T("admin-transfer.gone")}
	}
	return Link{t.Title(), v.publicPage(t.ObjectKind, slug)}
}

type adminTransferArgs struct {
	ID string `path:"transfer"`
}

func (p *Portal) showTransfer(v *visit, in adminTransferArgs) error {
	t, err := p.Catalog.Transfer(v.Context(), v.viewer, in.ID)
	if err != nil {
		return err
	}
	path := "/admin/transfers/" + url.PathEscape(t.ID)
	content := adminTransfer{
		Kind: v.kindName(t.ObjectKind), Object: v.transferObject(t), From: v.partyLink(t.Owner), To: v.partyLink(t.Recipient),
		Asked: t.CreatedAt.Time, Comment: t.Comment, Answered: t.RespondedAt.Time, Answer: deref(t.Answer),
	}
	if t.User != nil {
		content.By = t.User.FullName()
	}
	var notices []Notice
	if t.Status != catalog.TransferPending || !t.MayAnswer(v.viewer) {
		notices = v.failed()
	} else {
		f := v.form("answer", path).titled("admin-transfer.answer", "")
		f.area("comment", "admin-transfer.answer-comment", "").most(10_000).help("admin-transfer.answer-help")
		content.Form = f.view()
	}
	return v.showAdmin(adminDraft{
		name: "transfer", title: v.say.T("admin-transfer.one", "title", v.transferTitle(t)), path: path, scope: scopeMe, badges: []badge{v.transferState(t.Status)},
		kicker: "admin-transfer.kind", icon: "arrow-right", crumbs: []Link{{v.say.T("admin-transfer.title"), v.path("/admin/transfers")}},
		notices: notices, data: content,
	})
}

func (p *Portal) answerTransfer(v *visit, in adminTransferArgs, sent *posted) error {
	accept := sent.text("response") == "accept"
	if _, err := p.Catalog.AnswerTransfer(sent.Context(), v.viewer, in.ID, accept, sent.text("comment")); err != nil {
		return sent.again(err, func() error { return p.showTransfer(v, in) })
	}
	if accept {
		return sent.done("/admin/transfers", "admin-transfer.done-accepted")
	}
	return sent.done("/admin/transfers", "admin-transfer.done-refused")
}
