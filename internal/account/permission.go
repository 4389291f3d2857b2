package account

import "slices"

// Action is what somebody wants to do.
type Action string

// The actions that the matrix decides. "Object" stands for whatever has an
// owner: datasets, reuses, APIs, topics, charts.
const (
	// ReadHidden is to read an object that is private or deleted.
	ReadHidden Action = "object.read-hidden"
	// CreateOwn and CreateFor are to publish as oneself and as an organisation.
	CreateOwn Action = "object.create-own"
	CreateFor Action = "object.create-for"
	// Edit is to change an object, its files, and to delete it.
	Edit Action = "object.edit"
	// Curate is to feature an object, give it badges or another owner at once.
	Curate Action = "object.curate"
	// AskTransfer is to offer an object to others, AnswerTransfer to take it.
	AskTransfer    Action = "transfer.ask"
	AnswerTransfer Action = "transfer.answer"
	// EditCommunity is to change a community resource.
	EditCommunity Action = "community.edit"
	// EditContact is to change a contact point.
	EditContact Action = "contact.edit"
	// CreateOrganization is open to everybody with an account, as is Join.
	CreateOrganization Action = "organization.create"
	Join               Action = "organization.join"
	// Manage is to change or delete an organisation, its members and their
	// assignments.
	Manage Action = "organization.manage"
	// SeeInside is to see what an organisation shows its members alone, and to
	// read it when it was deleted.
	SeeInside Action = "organization.inside"
	// Harvest is to make, change and run harvest sources, PreviewHarvest to try
	// one, Schedule to validate and schedule it.
	Harvest        Action = "harvest.edit"
	PreviewHarvest Action = "harvest.preview"
	Schedule       Action = "harvest.schedule"
	// EditWebhooks is to see, make, change and remove webhooks.
	EditWebhooks Action = "webhook.edit"
	// Administer is everything that concerns the whole platform: posts, the
	// site, jobs, people.
	Administer Action = "platform.administer"
)

// relation is how a viewer stands to an owner.
type relation int

const (
	visitor relation = iota
	signedIn
	owning
	partialEditor // without an assignment to the object
	assigned
	editing
	managing
)

func (r relation) String() string {
	return []string{"visitor", "any user", "owner", "partial editor", "assigned partial editor", "editor", "administrator of the organization"}[r]
}

// matrix says who may do what, besides the administrators of the platform, who
// may everything. It is the reference's documented table of rights.
var matrix = map[Action][]relation{
	ReadHidden:         {owning, partialEditor, assigned, editing, managing},
	CreateOwn:          {signedIn, owning, partialEditor, assigned, editing, managing},
	CreateFor:          {partialEditor, assigned, editing, managing},
	Edit:               {owning, assigned, editing, managing},
	Curate:             {},
	AskTransfer:        {owning, managing},
	AnswerTransfer:     {owning, managing},
	EditCommunity:      {owning, editing, managing},
	EditContact:        {owning, editing, managing},
	CreateOrganization: {signedIn, owning, partialEditor, assigned, editing, managing},
	Join:               {signedIn, owning, partialEditor, assigned, editing, managing},
	Manage:             {managing},
	SeeInside:          {partialEditor, assigned, editing, managing},
	Harvest:            {owning, managing},
	PreviewHarvest:     {owning, assigned, editing, managing},
	Schedule:           {},
	EditWebhooks:       {owning, managing},
	Administer:         {},
}

// May tells whether the viewer may do something with what belongs to an owner;
// object is its identifier, "" where none is concerned.
func (v Viewer) May(a Action, o Owner, object string) bool {
	if a != ReadHidden && a != SeeInside && !v.Writes() {
		return false
	}
	if !v.reaches(o, object) {
		return false
	}
	return v.Admin() || slices.Contains(matrix[a], v.relation(o, object))
}

// relation is how the viewer stands to an owner and an object of theirs.
func (v Viewer) relation(o Owner, object string) relation {
	if v.User == nil {
		return visitor
	}
	if o.User != "" && o.User == v.User.ID {
		return owning
	}
	if o.Organization == "" {
		return signedIn
	}
	switch v.Memberships[o.Organization] {
	case RoleAdmin:
		return managing
	case RoleEditor:
		return editing
	case RolePartialEditor:
		if v.Assigned[object] {
			return assigned
		}
		return partialEditor
	}
	return signedIn
}
