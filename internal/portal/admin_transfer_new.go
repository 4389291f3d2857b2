package portal

import (
	"net/url"
	"slices"
	"strings"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/fault"
)

// adminTransferNew is the form that offers something to another owner.
type adminTransferNew struct {
	// Kind names what is offered, Object leads to it, From to its owner.
	Kind   string
	Object Link
	From   Link
	// Waiting are the offers of it that wait for an answer.
	Waiting []Link
	Form    formView
}

// adminTransferNewArgs name what is offered, as the API does: by class (Dataset,
// Reuse, Dataservice) and identifier.
type adminTransferNewArgs struct {
	Class string `query:"class"`
	ID    string `query:"id"`
}

// transferClasses are the kinds of what can be offered by the names that the API
// gives them.
var transferClasses = map[string]string{"Dataset": catalog.KindDataset, "Reuse": catalog.KindReuse, "Dataservice": catalog.KindDataservice}

// transferPath is the page on which somebody offers an object to another owner,
// in the site's own language.
func transferPath(class, id string) string {
	return "/admin/transfers/new?" + url.Values{"class": {class}, "id": {id}}.Encode()
}

// offered is what somebody is about to offer.
type offered struct {
	kind, id string
	object   Link
	owner    account.Owner
	party    catalog.Party
}

// offered reads what an address names, for who may hand it over.
func (v *visit) offered(in adminTransferNewArgs) (*offered, error) {
	kind := transferClasses[in.Class]
	if kind == "" {
		return nil, fault.New(fault.NotFound, "Say what to hand over: open this page from a dataset, a reuse or an API.")
	}
	id, err := v.objectID(kind, in.ID)
	if err != nil {
		return nil, err
	}
	if err := v.p.Catalog.Readable(v.Context(), v.viewer, kind, id); err != nil {
		return nil, err
	}
	o := &offered{kind: kind, id: id}
	var title, slug string
	var owned *catalog.Owned
	switch kind {
	case catalog.KindDataset:
		rows, err := v.p.Catalog.DatasetsByIDs(v.Context(), v.viewer, []string{id}, catalog.Parts{})
		if err != nil || len(rows) == 0 {
			return nil, orMissing(err)
		}
		title, slug, owned = rows[0].Title, rows[0].Slug, &rows[0].Owned
	case catalog.KindReuse:
		rows, err := v.p.Catalog.ReusesByIDs(v.Context(), v.viewer, []string{id})
		if err != nil || len(rows) == 0 {
			return nil, orMissing(err)
		}
		title, slug, owned = rows[0].Title, rows[0].Slug, &rows[0].Owned
	default:
		rows, err := v.p.Catalog.DataservicesByIDs(v.Context(), v.viewer, []string{id})
		if err != nil || len(rows) == 0 {
			return nil, orMissing(err)
		}
		title, slug, owned = rows[0].Title, rows[0].Slug, &rows[0].Owned
	}
	o.object, o.owner = Link{title, v.publicPage(kind, slug)}, owned.OwnedBy()
	o.party = catalog.Party{Organization: owned.Organization, User: owned.Owner}
	if !v.viewer.May(account.AskTransfer, o.owner, id) {
		return nil, v.orHandedOver(fault.New(fault.Forbidden, "You do not have the permission to modify that object."), id)
	}
	return o, nil
}

// orMissing is an error, or that something is not there.
func orMissing(err error) error {
	if err != nil {
		return err
	}
	return fault.New(fault.NotFound, "There is no such object.")
}

func (p *Portal) showNewTransfer(v *visit, in adminTransferNewArgs) error {
	o, err := v.offered(in)
	if err != nil {
		return err
	}
	content := adminTransferNew{Kind: v.kindName(o.kind), Object: o.object, From: v.partyLink(o.party)}
	waiting, _, err := p.Catalog.Transfers(v.Context(), v.viewer, catalog.TransferFilter{Subject: o.id, Status: catalog.TransferPending, Limit: mostPending})
	if err != nil {
		return err
	}
	for i := range waiting {
		content.Waiting = append(content.Waiting, Link{waiting[i].Recipient.Name(), v.path("/admin/transfers/" + url.PathEscape(waiting[i].ID))})
	}
	own, err := v.ownRecipients(o.owner)
	if err != nil {
		return err
	}
	f := v.form("transfer", transferPath(in.Class, o.id)).submit("admin-transfer.send", "arrow-right").cancel("/admin/transfers")
	f.group("admin-transfer.recipient", "admin-transfer.recipient-help")
	if len(own) > 1 {
		f.choose("mine", "admin-transfer.mine", "", own)
	}
	f.pick("organization", "admin-transfer.organization", "organizations")
	f.pick("user", "admin-transfer.user", "users").help("admin-transfer.user-help")
	f.group("admin-transfer.word", "")
	f.area("comment", "admin-transfer.comment", "").require().most(10_000).help("admin-transfer.comment-help")
	content.Form = f.view()
	return v.showAdmin(adminDraft{
		name: "transfer-new", title: v.say.T("admin-transfer.new", "title", shortTitle(o.object.Label)), path: "/admin/transfers/new", scope: v.scopeOfOwner(o.owner),
		kicker: "admin-transfer.kind", icon: "arrow-right", lead: v.say.T("admin-transfer.new-lead"), public: o.object.Path, data: content,
	})
}

// The values of the field that chooses among one's own.
const (
	toMe           = "user:"
	toOrganization = "organization:"
)

// ownRecipients are the organisations of who looks and themselves, without the
// present owner, behind an empty choice.
func (v *visit) ownRecipients(owner account.Owner) ([]option, error) {
	organizations, err := v.ownOrganizations("")
	if err != nil {
		return nil, err
	}
	own := []option{{Label: v.say.T("admin-transfer.somebody-else")}}
	for i := range organizations {
		if organizations[i].ID != owner.Organization {
			own = append(own, option{Value: toOrganization + organizations[i].ID, Label: organizations[i].Name})
		}
	}
	if v.viewer.UserID() != owner.User && v.viewer.User != nil {
		own = append(own, option{Value: toMe + v.viewer.UserID(), Label: v.say.T("admin-transfer.me", "name", v.viewer.User.FullName())})
	}
	return own, nil
}

// recipient reads whom something is offered to, and the field that says so.
func (v *visit) recipient(sent *posted) (kind, id, field string, err error) {
	var given []string
	for _, name := range []string{"mine", "organization", "user"} {
		if sent.text(name) != "" {
			given = append(given, name)
		}
	}
	switch len(given) {
	case 0:
		return "", "", "", fault.At("Say who shall have it.", "organization")
	case 1:
	default:
		return "", "", "", fault.At("Name one recipient alone.", given[1])
	}
	switch field = given[0]; field {
	case "organization":
		id, err = v.objectID(catalog.KindOrganization, sent.id(field))
		return catalog.KindOrganization, id, field, err
	case "user":
		id, err = v.personID(sent.id(field))
		return catalog.KindUser, id, field, err
	}
	if id, ok := strings.CutPrefix(sent.text(field), toOrganization); ok {
		return catalog.KindOrganization, id, field, nil
	}
	return catalog.KindUser, strings.TrimPrefix(sent.text(field), toMe), field, nil
}

func (p *Portal) requestTransfer(v *visit, in adminTransferNewArgs, sent *posted) error {
	o, err := v.offered(in)
	if err != nil {
		return err
	}
	kind, id, field, err := v.recipient(sent)
	switch {
	case err == nil:
		_, _, err = p.Catalog.RequestTransfer(sent.Context(), v.viewer, catalog.TransferInput{
			Kind: o.kind, ID: o.id, RecipientKind: kind, RecipientID: id, Comment: sent.text("comment"),
		})
		err = ofRecipient(err, field)
	case sent.text("comment") == "": // both are told together
		err = fault.Collect(ofRecipient(err, field), fault.At("This field is required.", "comment"))
	default:
		err = ofRecipient(err, field)
	}
	if err != nil {
		return sent.again(err, func() error { return p.showNewTransfer(v, in) })
	}
	return sent.done("/admin/transfers?side="+transfersOut, "admin-transfer.done-sent")
}

// sameOwner is how the subject refuses to hand something over to its owner.
const sameOwner = "Recipient should be different than the current owner"

// ofRecipient leads the faults of the recipient to the field that named it.
func ofRecipient(err error, field string) error {
	known := fault.Of(err)
	switch {
	case err == nil || field == "":
		return err
	case known.Code == fault.NotFound || known.Code == fault.Gone:
		return fault.At("There is no such recipient.", field)
	case len(known.Fields) == 0 && known.Text == sameOwner:
		return fault.At(sameOwner, field)
	case len(known.Fields) == 0:
		return err
	}
	moved := *known
	moved.Fields = slices.Clone(known.Fields)
	for i, one := range moved.Fields {
		if len(one.Path) > 0 && one.Path[0] == "recipient" {
			moved.Fields[i] = fault.Field{Path: []any{field}, Text: "There is no such recipient."}
		}
	}
	return &moved
}
