package ckan

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"grenier/internal/fault"
	"grenier/internal/fetch"
	"grenier/internal/harvest"
)

// listNames reads the packages one by one, those after a name when a run goes on.
func (p *portal) listNames(ctx context.Context, after string) error {
	names, err := p.names(ctx)
	if err != nil {
		return err
	}
	if err := p.start(len(names)); err != nil {
		return err
	}
	from := slices.Index(names, after) + 1
	for i, name := range names[from:] {
		if err := p.show(ctx, name); err != nil {
			return err
		}
		if i%50 == 49 {
			if err := p.tell(harvest.Line{T: harvest.LineCheckpoint, Cursor: "name:" + name, Done: from + i + 1}); err != nil {
				return err
			}
		}
	}
	return nil
}

// names are those that package_list gives. It is asked for pages; portals that
// know none give all at once.
func (p *portal) names(ctx context.Context) ([]string, error) {
	var names []string
	known := make(map[string]bool)
	for {
		query := url.Values{}
		if !p.dkan {
			query = url.Values{"limit": {strconv.Itoa(idRows)}, "offset": {strconv.Itoa(len(names))}}
		}
		listed, before := 0, len(names)
		err := p.action(ctx, "package_list", query, func(in *decoder) error {
			return in.array(func(raw json.RawMessage) error {
				listed++
				if name := words(raw); name != "" && !known[name] {
					known[name] = true
					names = append(names, name)
				}
				if len(names) > maxNames {
					return fault.New(fault.BadGateway, "The portal lists more packages than can be harvested.")
				}
				return nil
			})
		})
		if err != nil {
			return nil, err
		}
		if p.dkan || listed != idRows || len(names) == before {
			return names, nil
		}
	}
}

// show asks for one package and tells it. A package that cannot be had is its own
// failure alone; a portal that cannot be reached any more is the end.
func (p *portal) show(ctx context.Context, name string) error {
	var raw json.RawMessage
	err := p.action(ctx, "package_show", url.Values{"id": {name}}, func(in *decoder) error { return in.value(&raw) })
	var wait *harvest.Wait
	if p.told != nil || ctx.Err() != nil || errors.As(err, &wait) {
		return err
	}
	p.done++
	if p.lost(err) {
		return err
	}
	if err != nil {
		if known := fault.Of(err); known.Code == fault.BadGateway || known.Code == fault.Timeout || known.Code == fault.TooLarge {
			return p.tell(harvest.Line{T: harvest.LineError, RemoteID: name, Message: known.SafeText()})
		}
		return err
	}
	if raw, err = first(raw); err != nil {
		return p.tell(harvest.Line{T: harvest.LineError, RemoteID: name, Message: err.Error()})
	}
	if !p.wanted(raw) {
		return nil
	}
	return p.tell(p.read(raw, name))
}

// lost tells that the portal cannot be reached any more: several packages one
// after the other could not be had for that reason.
func (p *portal) lost(err error) bool {
	why := fetch.Why(err)
	if why == nil || why.Reason == fetch.Status || why.Reason == fetch.TooBig {
		p.unreached = 0
		return false
	}
	p.unreached++
	return p.unreached >= maxUnreached
}

// first is the package of a reply: DKAN gives a list of one.
func first(raw json.RawMessage) (json.RawMessage, error) {
	if !bytes.HasPrefix(raw, []byte("[")) {
		return raw, nil
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil || len(list) == 0 {
		return nil, errors.New("the portal gave an empty list for this package")
	}
	return list[0], nil
}

// wanted applies the filters of a source to a package of a portal that cannot be
// searched.
func (p *portal) wanted(raw json.RawMessage) bool {
	if len(p.Source.Config.Filters) == 0 {
		return true
	}
	var head struct {
		Organization struct{ ID, Name string }
		Tags         []struct{ Name string }
	}
	_ = json.Unmarshal(raw, &head) // what is not there matches nothing
	for _, f := range p.Source.Config.Filters {
		value, _ := f.Value.(string)
		value = strings.Trim(value, `"`)
		var hit bool
		switch f.Key {
		case "organization":
			hit = value == head.Organization.Name || value == head.Organization.ID
		case "tags":
			hit = slices.ContainsFunc(head.Tags, func(t struct{ Name string }) bool { return strings.EqualFold(t.Name, value) })
		}
		if hit == f.Exclude() {
			return false
		}
	}
	return true
}
