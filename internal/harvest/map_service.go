package harvest

import (
	"slices"

	"grenier/internal/catalog"
	"grenier/internal/fault"
)

// Dataservice maps a record of a dataservice. Datasets are left to the caller: the
// record names them by identifiers of their portal. Logs and error are as those of
// Dataset.
func (m *Mapper) Dataservice(l Line, s *Source) (catalog.HarvestedDataservice, []Log, error) {
	var out catalog.HarvestedDataservice
	if l.Dataservice == nil {
		return out, nil, fault.New(fault.Invalid, "The record says nothing: it has no data.")
	}
	told, w := l.Dataservice, &mapping{mapper: m}
	title, err := w.titled(l.RemoteID, told.Title)
	if err != nil {
		return out, w.logs, err
	}
	in := &out.Input
	out.Owner = s.OwnedBy()
	in.Title = catalog.Some(title)
	if description := cleanDescription(told.Description, told.DescriptionFormat); description != "" {
		in.Description = catalog.Some(description)
	}
	in.Tags = catalog.Some(w.tags(told.Tags))
	for _, address := range []struct {
		told string
		into *catalog.Opt[string]
	}{
		{told.BaseAPIURL, &in.BaseAPIURL}, {told.MachineDocumentationURL, &in.MachineDocumentationURL},
		{told.TechnicalDocumentationURL, &in.TechnicalDocumentationURL}, {told.BusinessDocumentationURL, &in.BusinessDocumentationURL},
		{told.AuthorizationRequestURL, &in.AuthorizationRequestURL}, {told.RateLimitingURL, &in.RateLimitingURL}, {told.AvailabilityURL, &in.AvailabilityURL},
	} {
		if known := webAddress(address.told); known != "" {
			*address.into = catalog.Some(known)
		}
	}
	if id, ok := m.licenses.guess(slices.Concat(told.License, told.Rights)...); ok {
		in.License = catalog.Some(id)
	}
	kind, category := accessOf(told.AccessType, told.AccessRights, told.Rights)
	if kind != "" {
		in.AccessType = catalog.Some(kind)
	}
	if category != "" {
		in.AccessTypeReasonCategory = catalog.Some(category)
	}
	if limit := cleanLine(told.RateLimiting); limit != "" {
		limit, _ = shortened(limit, 255)
		in.RateLimiting = catalog.Some(limit)
	}
	if told.Availability != nil && *told.Availability >= 0 && *told.Availability <= 100 {
		in.Availability = catalog.Some(*told.Availability)
	}
	if extras := w.extras(told.Extras); extras != nil {
		in.Extras = catalog.Some(extras)
	}
	out.Contacts = w.contacts(told.Contacts)
	out.Harvest = w.origin(l, told.Harvest, s)
	if catalog.IsWebAddress(s.URL) {
		out.Harvest.SourceURL = &s.URL
	}
	return out, w.logs, nil
}
