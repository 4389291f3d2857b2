package ods

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"grenier/internal/fault"
	"grenier/internal/fetch"
	"grenier/internal/harvest"
	"grenier/internal/harvest/jsonlist"
)

const (
	pageLimit = 100
	// window is how far lists of the API reach: offset and limit together.
	window = 10_000
)

// explore reads the catalogue by the Explore API: in pages, or where it is longer than
// pages reach by the export of the whole, or where that is refused in parts by date.
func (p *portal) explore(ctx context.Context, start int) error {
	where := p.where()
	total, err := p.pages(ctx, where, start, true)
	if err != nil || total <= window {
		return err
	}
	err = p.export(ctx, where)
	why := fetch.Why(err)
	if err == nil || p.told != nil || why == nil || why.Reason != fetch.Status {
		return err
	}
	p.Remote.Log("info", "The portal does not export its catalogue: it is read in parts, by the time of the last change.")
	return p.parts(ctx, where)
}

// where is the source's filters in the portal's language of queries.
func (p *portal) where() string {
	var terms []string
	for _, f := range p.Source.Config.Filters {
		key := f.Key
		if key == "tags" {
			key = "keyword"
		}
		value := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(strings.Trim(fmt.Sprint(f.Value), `"`))
		term := key + `="` + value + `"`
		if f.Exclude() {
			term = "NOT " + term
		}
		terms = append(terms, term)
	}
	return strings.Join(terms, " AND ")
}

func and(where, more string) string {
	if where == "" {
		return more
	}
	return where + " AND " + more
}

// list asks for a page and calls each for its datasets. Replies of version 2.0 hold
// them one level deeper.
func (p *portal) list(ctx context.Context, where string, offset, limit int, each func(json.RawMessage) error) (total, listed int, err error) {
	query := url.Values{"limit": {strconv.Itoa(limit)}, "offset": {strconv.Itoa(offset)}, "order_by": {"dataset_id"}}
	if where != "" {
		query.Set("where", where)
	}
	answer, err := p.Remote.Ask(ctx, p.base+"/api/explore/v2.1/catalog/datasets?"+query.Encode(), p.want())
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = answer.Body.Close() }()
	var reply struct {
		Total    *int              `json:"total_count"`
		Results  []json.RawMessage `json:"results"`
		Datasets []struct {
			Dataset json.RawMessage `json:"dataset"`
		} `json:"datasets"`
	}
	in := harvest.UTF8(answer.Body, answer.Header.Get("Content-Type"), p.Remote.Log)
	if err := json.NewDecoder(in).Decode(&reply); err != nil {
		return 0, 0, broken(err, "The portal's reply is not the JSON of the Explore API.")
	}
	if reply.Total == nil {
		return 0, 0, broken(nil, "The portal's list of datasets has no total_count.")
	}
	for _, one := range reply.Datasets {
		reply.Results = append(reply.Results, one.Dataset)
	}
	if offset == 0 {
		if err := p.start(*reply.Total); err != nil {
			return 0, 0, err
		}
	}
	if each == nil {
		return *reply.Total, len(reply.Results), nil
	}
	for _, one := range reply.Results {
		if err := each(one); err != nil {
			return 0, 0, err
		}
	}
	return *reply.Total, len(reply.Results), nil
}

// pages reads a selection in pages, and tells how large it is. Where it is larger than pages reach, nothing is read
// unless a few datasets are enough. main marks the run's own selection, which leaves checkpoints.
func (p *portal) pages(ctx context.Context, where string, start int, main bool) (int, error) {
	limit := pageLimit
	if p.MaxItems > 0 {
		limit = min(limit, p.MaxItems)
	}
	for offset := start; ; {
		var page []json.RawMessage
		total, listed, err := p.list(ctx, where, offset, min(limit, window-offset), func(raw json.RawMessage) error {
			page = append(page, raw)
			return nil
		})
		if err != nil {
			return 0, err
		}
		if total > window && main && p.MaxItems == 0 {
			if len(page) > 0 {
				p.askParquet(ctx, page[0])
			}
			return total, nil
		}
		for _, raw := range page {
			p.askParquet(ctx, raw)
			if err := p.record(raw, (*portal).exploreLine); err != nil {
				return 0, err
			}
		}
		offset += listed
		if main {
			if err := p.checkpoint("v2:" + strconv.Itoa(offset)); err != nil {
				return 0, err
			}
		}
		switch {
		case offset >= total:
			return total, nil
		case listed == 0, offset >= window:
			p.whole = false
			return min(total, window), p.tell(harvest.Line{T: harvest.LineError, Message: fmt.Sprintf("The portal says that it has %d datasets and gave %d.", total, offset)})
		}
	}
}

// export reads the whole catalogue from one document.
func (p *portal) export(ctx context.Context, where string) error {
	address := p.base + "/api/explore/v2.1/catalog/exports/json"
	if where != "" {
		address += "?" + url.Values{"where": {where}}.Encode()
	}
	answer, err := p.Remote.Ask(ctx, address, p.want())
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	in := harvest.UTF8(answer.Body, answer.Header.Get("Content-Type"), p.Remote.Log)
	_, found, err := jsonlist.Read(in, "results", func(raw json.RawMessage) error { return p.record(raw, (*portal).exploreLine) })
	if err == nil && !found {
		return fault.New(fault.BadGateway, "The portal's export of its catalogue holds no list of datasets.")
	}
	return err
}

// parts reads a selection in parts that pages reach, by the time of the last change,
// and what has no such time.
func (p *portal) parts(ctx context.Context, where string) error {
	if _, err := p.pages(ctx, and(where, "modified is null"), 0, false); err != nil {
		return err
	}
	return p.part(ctx, where, time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), p.Now.UTC().Truncate(time.Second).AddDate(1, 0, 0))
}

// part reads what changed from one moment on and before another.
func (p *portal) part(ctx context.Context, where string, from, to time.Time) error {
	const layout = "2006-01-02T15:04:05Z"
	span := and(where, fmt.Sprintf("modified >= date'%s' AND modified < date'%s'", from.Format(layout), to.Format(layout)))
	total, _, err := p.list(ctx, span, 0, 1, nil)
	switch {
	case err != nil:
		return err
	case total == 0:
		return nil
	case total <= window || to.Sub(from) <= time.Second:
		_, err = p.pages(ctx, span, 0, false)
		return err
	}
	middle := from.Add(to.Sub(from) / 2).Truncate(time.Second)
	return errors.Join(p.part(ctx, where, from, middle), p.part(ctx, where, middle, to))
}
