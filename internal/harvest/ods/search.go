package ods

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"

	"grenier/internal/fault"
	"grenier/internal/fetch"
	"grenier/internal/harvest"
)

const (
	searchRows = 50
	// maxUnreached is how many datasets in a row may fail on the way.
	maxUnreached = 3
)

// searchAll reads the catalogue by the Search API 1: a list of identifiers in
// pages, and each dataset by itself, which is fresher than the list.
func (p *portal) searchAll(ctx context.Context, start int) error {
	unreached := 0
	for {
		ids, total, err := p.searchPage(ctx, start)
		if err != nil {
			return err
		}
		if err := p.start(total); err != nil {
			return err
		}
		for _, id := range ids {
			err := p.lookUp(ctx, id)
			var wait *harvest.Wait
			if p.told != nil || ctx.Err() != nil || errors.As(err, &wait) {
				return err
			}
			if why := fetch.Why(err); why == nil || why.Reason == fetch.Status || why.Reason == fetch.TooBig {
				unreached = 0
			} else if unreached++; unreached >= maxUnreached {
				return err
			}
			if err != nil {
				if err := p.tell(harvest.Line{T: harvest.LineError, RemoteID: id, Message: fault.Of(err).SafeText()}); err != nil {
					return err
				}
			}
		}
		start += searchRows
		if err := p.checkpoint("v1:" + strconv.Itoa(start)); err != nil {
			return err
		}
		switch {
		case start >= total:
			return nil
		case len(ids) == 0, start >= window:
			p.whole = false
			return p.tell(harvest.Line{T: harvest.LineError, Message: "The portal lists no more than " + strconv.Itoa(start) + " of " + strconv.Itoa(total) + " datasets."})
		}
	}
}

// searchPage are the identifiers of a page of the list.
func (p *portal) searchPage(ctx context.Context, start int) (ids []string, total int, err error) {
	query := url.Values{"start": {strconv.Itoa(start)}, "rows": {strconv.Itoa(searchRows)}, "interopmetas": {"true"}}
	for _, f := range p.Source.Config.Filters {
		value, _ := f.Value.(string)
		facet, how := f.Key, "refine."
		if facet == "tags" {
			facet = "keyword"
		}
		if f.Exclude() {
			how = "exclude."
		}
		query.Add(how+facet, value)
	}
	var reply struct {
		Hits     *int `json:"nhits"`
		Datasets []struct {
			ID string `json:"datasetid"`
		} `json:"datasets"`
	}
	if err := p.ask(ctx, p.base+"/api/datasets/1.0/search/?"+query.Encode(), &reply); err != nil {
		return nil, 0, err
	}
	if reply.Hits == nil {
		return nil, 0, broken(nil, "The address is not that of a portal of Opendatasoft: it has neither the Explore API 2.1 nor the Search API 1.")
	}
	for _, one := range reply.Datasets {
		ids = append(ids, one.ID)
	}
	return ids, *reply.Hits, nil
}

// lookUp tells one dataset.
func (p *portal) lookUp(ctx context.Context, id string) error {
	var raw json.RawMessage
	if err := p.ask(ctx, p.base+"/api/datasets/1.0/"+url.PathEscape(id)+"/?interopmetas=true", &raw); err != nil {
		return err
	}
	return p.record(raw, (*portal).searchLine)
}

func (p *portal) ask(ctx context.Context, address string, to any) error {
	answer, err := p.Remote.Ask(ctx, address, p.want())
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	in := harvest.UTF8(answer.Body, answer.Header.Get("Content-Type"), p.Remote.Log)
	if err := json.NewDecoder(in).Decode(to); err != nil {
		return broken(err, "The portal's reply is not JSON.")
	}
	return nil
}
