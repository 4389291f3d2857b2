package api

import (
	"net/http"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/web"
)

// Transfer offers an object to another owner.
type Transfer struct {
	Comment string `json:"comment"`
	Created Moment `json:"created"`
	ID      string `json:"id"`
	// Owner and Recipient are references of organisations or people.
	Owner     any    `json:"owner"`
	Recipient any    `json:"recipient"`
	Responded Moment `json:"responded"`
	// Response is always null under this name, which clients know.
	Response *string `json:"reponse_comment"`
	Status   string  `json:"status"`
	// Subject is the reference of the object.
	Subject any            `json:"subject"`
	User    *UserReference `json:"user"`
}

// party shows an organisation or a person; null when it is gone.
func party(v account.Viewer, p catalog.Party) any {
	if p.Organization != nil {
		return organizationReference(v, p.Organization)
	}
	return userReference(p.User)
}

func transfer(v account.Viewer, t *catalog.Transfer) Transfer {
	var subject any = assignedSubject(&catalog.Assignment{ObjectKind: t.ObjectKind, ObjectID: t.ObjectID, Reuse: t.Reuse, Dataservice: t.Dataservice})
	if t.Dataset != nil {
		subject = datasetReference(t.Dataset)
	}
	return Transfer{
		Comment: t.Comment, Created: moment(t.CreatedAt), ID: t.ID, Owner: party(v, t.Owner), Recipient: party(v, t.Recipient),
		Responded: moment(t.RespondedAt), Status: t.Status, Subject: subject, User: userReference(t.User),
	}
}

func (a *API) transferRoutes() {
	tags := []string{"transfer"}
	web.Get[[]Transfer](a.v1, "/transfer/", web.Doc{Summary: "List transfers of an object, or to a recipient", Tags: tags}, a.listTransfers)
	web.Post[Transfer](a.v1, "/transfer/", web.Doc{
		Summary: "Offer an object to another owner", Tags: tags, Auth: web.User, CreatesMore: true, Status: http.StatusCreated,
	}, a.requestTransfer)
	web.Get[Transfer](a.v1, "/transfer/{transfer}/", web.Doc{Summary: "Read a transfer", Tags: tags}, a.getTransfer)
	web.Post[Transfer](a.v1, "/transfer/{transfer}/", web.Doc{Summary: "Accept or refuse a transfer", Tags: tags, Auth: web.User}, a.answerTransfer)
}

type transferArgs struct {
	Subject     string `query:"subject" help:"Keep those of this object"`
	SubjectType string `query:"subject_type" enum:"Dataset,Reuse,Dataservice" help:"Keep those of objects of this class"`
	Recipient   string `query:"recipient" help:"Keep those to this person or organization"`
	Status      string `query:"status" enum:"pending,accepted,refused" help:"Keep those in this state"`
}

func (a *API) listTransfers(c *web.Call, q transferArgs) error {
	if q.Subject == "" && q.Recipient == "" {
		return fault.New(fault.Invalid, "A subject or a recipient is required")
	}
	for name, id := range map[string]string{"subject": q.Subject, "recipient": q.Recipient} {
		if id != "" && !db.IsID(id) {
			return fault.At("This must be an identifier.", name)
		}
	}
	v := viewer(c)
	rows, _, err := a.Catalog.Transfers(c.Context(), v, catalog.TransferFilter{
		Subject: q.Subject, SubjectKind: kindsByClass[q.SubjectType], Recipient: q.Recipient, Status: q.Status,
	})
	if err != nil {
		return err
	}
	all := make([]Transfer, len(rows))
	for i := range rows {
		all[i] = transfer(v, &rows[i])
	}
	return send(c, http.StatusOK, all)
}

// TransferWrite offers an object to a recipient.
type TransferWrite struct {
	Comment   string     `json:"comment"`
	Recipient ObjectName `json:"recipient"`
	Subject   ObjectName `json:"subject"`
}

func (a *API) requestTransfer(c *web.Call, _ web.None, body TransferWrite) error {
	v := viewer(c)
	offered, created, err := a.Catalog.RequestTransfer(c.Context(), v, catalog.TransferInput{
		Kind: kindsByClass[body.Subject.Class], ID: body.Subject.ID, RecipientKind: kindsByClass[body.Recipient.Class],
		RecipientID: body.Recipient.ID, Comment: body.Comment,
	})
	if err != nil {
		return err
	}
	status := http.StatusOK
	if created {
		status = http.StatusCreated
	}
	return send(c, status, transfer(v, offered))
}

func (a *API) getTransfer(c *web.Call, _ web.None) error {
	v := viewer(c)
	found, err := a.Catalog.Transfer(c.Context(), v, c.Param("transfer"))
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, transfer(v, found))
}

// TransferAnswer accepts or refuses an offer.
type TransferAnswer struct {
	Comment  string `json:"comment"`
	Response string `json:"response"`
}

func (a *API) answerTransfer(c *web.Call, _ web.None, body TransferAnswer) error {
	if body.Response != "accept" && body.Response != "refuse" {
		return fault.At("Expected accept or refuse.", "response")
	}
	v := viewer(c)
	answered, err := a.Catalog.AnswerTransfer(c.Context(), v, c.Param("transfer"), body.Response == "accept", body.Comment)
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, transfer(v, answered))
}
