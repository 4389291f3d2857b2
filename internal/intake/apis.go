package intake

import (
	"slices"
	"strings"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/text"
)

// apiOrigin is the site whose catalogue of APIs the facts describe.
const apiOrigin = "https://api.gouv.fr"

// apisFrozen is the day after which that catalogue was no longer kept, as the
// seconds of an identifier.
const apisFrozen = "673d2680"

func apiID(kind, slug string) string { return apisFrozen + madeID(kind, slug)[8:] }

// readAPI reads an API of the former catalogue of French public APIs as a
// dataservice.
func readAPI(o *object, hash uint64, with reading) (said, error) {
	d := &dataserviceDraft{book: with.book}
	slug := o.text("slug")
	if slug == "" {
		o.fail("slug", "there is no slug")
	}
	d.ID, d.Slug, d.Title, d.Description = apiID("dataservice", slug), text.Slug(slug), o.text("title"), o.text("tagline")
	if strings.TrimSpace(d.Title) == "" {
		o.fail("title", "there is no title")
	}
	d.AccessType = accessOf(o)
	d.MachineDocumentationURL = absolute(o.text("doc_tech_link"))
	d.TechnicalDocumentationURL, d.BusinessDocumentationURL = absolute(o.text("doc_tech_external")), absolute(o.text("external_site"))
	d.AuthorizationRequestURL = o.optional("datapass_link")
	if d.AuthorizationRequestURL == nil {
		d.AuthorizationRequestURL = o.optional("account_link")
	}
	d.RateLimiting, d.RateLimitingURL, d.AvailabilityURL = o.optional("rate_limiting_resume"), o.optional("rate_limiting_link"), o.optional("monitoring_link")
	var uptime float64
	if o.decode("uptime", &uptime, "a number") {
		d.Availability = &uptime
	}
	if d.AccessType == "restricted" {
		d.AccessAudiences = audiencesOf(o)
	}
	d.CreatedAt = o.time("last_update")
	d.ModifiedAt = d.CreatedAt
	for _, word := range append(o.texts("themes"), o.texts("keywords")...) {
		d.Tags = append(d.Tags, text.Slug(word))
	}
	slices.Sort(d.Tags)
	d.DatasetIDs = o.texts("datagouv_uuid")
	d.Harvest = &catalog.Harvest{}
	d.Extras = apiExtras(o, slug)
	d.readProducer(o, with)
	d.readAPIContact(o)
	if err := o.failure(); err != nil {
		return said{}, err
	}
	d.finish(catalog.Source{At: atOf(d.ModifiedAt), Form: catalog.FormFacts, Hash: hash, Fields: apiFields})
	return d.said, nil
}

var apiFields = catalog.DataserviceFields("title", "slug", "owner", "description", "machine_documentation_url", "technical_documentation_url",
	"business_documentation_url", "authorization_request_url", "rate_limiting", "rate_limiting_url", "availability", "availability_url",
	"access_type", "access_audiences", "created_at", "metadata_modified_at", "tags", "extras", "contact_points", "datasets", "private",
	"deleted_at")

// accessOf is the condition of access: in the facts' own words, or 1 for open,
// 0 for open with an account, -1 for restricted.
func accessOf(o *object) string {
	if access := o.text("access_type"); access != "" {
		return access
	}
	switch open := o.maybeCount("is_open"); {
	case open == nil || *open == 1:
		return "open"
	case *open == 0:
		return "open_with_account"
	}
	return "restricted"
}

// absolute completes addresses that were relative to the site of origin.
func absolute(address string) *string {
	if strings.HasPrefix(address, "/") {
		address = apiOrigin + address
	}
	return optional(address)
}

// audienceWords tell from the name of a group who is meant. The first that
// occurs counts.
var audienceWords = []struct{ word, role string }{
	{"particulier", "private"}, {"demandeur d emploi", "private"},
	{"collectivite", "local_authority_and_administration"}, {"administrati", "local_authority_and_administration"},
	{"ministere", "local_authority_and_administration"}, {"etablissement public", "local_authority_and_administration"},
	{"service public", "local_authority_and_administration"}, {"operateur de l etat", "local_authority_and_administration"},
	{"institution", "local_authority_and_administration"}, {"enseignement superieur", "local_authority_and_administration"},
	{"lycee", "local_authority_and_administration"}, {"examen", "local_authority_and_administration"},
	{"entreprise", "company_and_association"}, {"association", "company_and_association"}, {"editeur", "company_and_association"},
	{"entrepreneur", "company_and_association"}, {"bureau d etude", "company_and_association"},
	{"bancaire", "company_and_association"}, {"assurance", "company_and_association"}, {"professionnel", "company_and_association"},
	{"artisan", "company_and_association"}, {"organisme complementaire", "company_and_association"},
	{"prevoyance", "company_and_association"}, {"prestataire", "company_and_association"}, {"mandataire", "company_and_association"},
}

var audienceRoles = []string{"local_authority_and_administration", "company_and_association", "private"}

// audiencesOf is who may ask for access. Of what is said of one role the most
// permissive counts.
func audiencesOf(o *object) db.JSON {
	best := map[string]int64{}
	for _, group := range o.objects("eligibility") {
		eligible := group.count("is_eligible")
		for _, who := range group.texts("who") {
			role := roleOf(who)
			if known, ok := best[role]; role != "" && (!ok || eligible > known) {
				best[role] = eligible
			}
		}
	}
	type audience struct {
		Role      string `json:"role"`
		Condition string `json:"condition"`
	}
	var audiences []audience
	for _, role := range audienceRoles {
		if eligible, ok := best[role]; ok {
			condition := "under_condition"
			if eligible > 0 {
				condition = "yes"
			} else if eligible < 0 {
				condition = "no"
			}
			audiences = append(audiences, audience{role, condition})
		}
	}
	if len(audiences) == 0 {
		return nil
	}
	return jsonOf(audiences)
}

func roleOf(who string) string {
	folded := text.JoinWords(who)
	for _, known := range audienceWords {
		if strings.Contains(folded, known.word) {
			return known.role
		}
	}
	return ""
}

// apiExtras keeps the facts that a dataservice has no field for.
func apiExtras(o *object, slug string) db.JSON {
	extras := map[string]any{"apigouv:slug": slug}
	for key, fact := range map[string]string{
		"apigouv:themes": "themes", "apigouv:partners": "partners", "apigouv:france_connect": "is_france_connected",
		"apigouv:visits_2019": "visits_2019", "apigouv:stats_detail_link": "stats_detail_link", "apigouv:contacts": "contact_link",
	} {
		value := o.document(fact)
		if fact == "contact_link" && !strings.Contains(string(value), ",") {
			continue
		}
		if value != nil {
			extras[key] = value
		}
	}
	return jsonOf(extras)
}

// readProducer finds the organisation of a producer by its name; an unknown one
// is made.
func (d *dataserviceDraft) readProducer(o *object, with reading) {
	producer := o.object("producer")
	if producer == nil || producer.text("name") == "" {
		o.fail("producer", "there is no producer")
		return
	}
	if id, known := with.producers[text.JoinWords(producer.text("name"))]; known {
		d.OrganizationID = &id
		return
	}
	id := apiID("organization", producer.text("slug"))
	d.OrganizationID = &id
	d.namedOrganizations = append(d.namedOrganizations, catalog.Input[account.Organization]{
		Object: account.Organization{
			ID: id, Name: producer.text("name"), Acronym: producer.optional("acronym"), URL: producer.optional("site"),
		},
		Source: catalog.Source{
			At: catalog.UnknownAt, Form: catalog.FormFacts, Hash: hashOf(producer.text("name"), producer.text("acronym"), producer.text("site")),
			Fields: catalog.OrganizationFields("name", "acronym", "url"),
		},
	})
}

// readAPIContact makes a contact point out of a mail address or a form. Of
// several mails the first counts; all are in the extras.
func (d *dataserviceDraft) readAPIContact(o *object) {
	link := o.text("contact_link")
	if link == "" || d.OrganizationID == nil {
		return
	}
	contact := catalog.ContactPoint{
		ID: apiID("contact", d.Slug+" "+link), Version: 1, Name: "Support " + d.Title, Role: "contact",
		Owned: catalog.Owned{OrganizationID: d.OrganizationID}, CreatedAt: d.CreatedAt,
	}
	if first, _, _ := strings.Cut(link, ","); strings.Contains(first, "@") && !strings.Contains(first, "/") {
		contact.Email = optional(strings.TrimSpace(first))
	} else {
		contact.ContactForm = &link
	}
	if contact.CreatedAt.IsZero() {
		contact.CreatedAt = db.IDTime(contact.ID)
	}
	d.contacts = append(d.contacts, contact)
	d.Contacts = []string{contact.ID}
}
