package api

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"grenier/internal/check"
	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/web"
)

// FileCheck is the last check of the availability of a remote file.
type FileCheck struct {
	Available *bool  `json:"available"`
	CatalogID *int64 `json:"catalog_id"`
	CORS      any    `json:"cors_headers"`
	CreatedAt Moment `json:"created_at"`
	DatasetID string `json:"dataset_id"`
	Deleted   bool   `json:"deleted"`
	// Domain is the host that was asked.
	Domain     string           `json:"domain"`
	Error      *string          `json:"error"`
	Headers    FileCheckHeaders `json:"headers"`
	ID         int64            `json:"id"`
	NextCheck  Moment           `json:"next_check_at"`
	ResourceID string           `json:"resource_id"`
	Response   *float64         `json:"response_time"`
	Status     *int64           `json:"status"`
	Timeout    bool             `json:"timeout"`
	URL        string           `json:"url"`
}

// FileCheckHeaders are what the host told of the file.
type FileCheckHeaders struct {
	ContentLength *int64  `json:"content-length"`
	ContentType   *string `json:"content-type"`
	ETag          *string `json:"etag"`
	LastModified  *string `json:"last-modified"`
}

// FileChecks count what checks found.
type FileChecks struct {
	Status      []FileCheckShare `json:"status"`
	StatusCodes []FileCheckCode  `json:"status_codes"`
}

// FileCheckShare is a part of all checked files: ok, error or timeout.
type FileCheckShare struct {
	Count      int64   `json:"count"`
	Label      string  `json:"label"`
	Percentage float64 `json:"percentage"`
}

// FileCheckCode is the part of all checked files whose hosts answered so.
type FileCheckCode struct {
	Code       int64   `json:"code"`
	Count      int64   `json:"count"`
	Percentage float64 `json:"percentage"`
}

// checkRoutes let those who keep a dataset check one of its files.
func (a *API) checkRoutes() {
	if a.Checks == nil {
		return
	}
	now := web.Doc{Summary: "Check at once whether a remote file is there", Tags: []string{"datasets"}, Auth: web.User}
	now.Description = "What is found goes into the extras of the resource (check:…). A file that was checked a moment ago is not asked for again."
	web.Post[FileCheck, web.None, web.None](a.v1, "/datasets/{dataset}/resources/{uuid}/checks/", now, a.checkResource)
}

// RootChecks are the routes of the reference's crawler that others read.
func (a *API) RootChecks(root *web.Table) {
	if a.Checks == nil {
		return
	}
	for _, slash := range []string{"", "/"} {
		doc := web.Doc{Public: true, NoMask: true}
		web.Get[FileCheck](root, "/api/checks/latest"+slash, doc, a.latestCheck)
		web.Get[[]FileCheck](root, "/api/checks/all"+slash, doc, a.allChecks)
		web.Get[[]checkAggregate](root, "/api/checks/aggregate"+slash, doc, a.aggregateChecks)
		web.Get[FileChecks](root, "/api/checks/stats"+slash, doc, a.checkStats)
		web.Get[checkCORS](root, "/api/resources/stats/cors"+slash, doc, a.checkCORSStats)
		web.Get[checkState](root, "/api/status/crawler"+slash, doc, a.checkState)
	}
}

func (a *API) checkResource(c *web.Call, _ web.None, _ web.None) error {
	dataset, id, done, err := a.resolveResource(c)
	if done || err != nil {
		return err
	}
	found, err := a.Checks.CheckNow(c.Context(), viewer(c), dataset, id)
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, fileCheck(found))
}

func fileCheck(c *check.Check) FileCheck {
	return FileCheck{
		Available: c.Available, CORS: object(c.CORS), CreatedAt: Moment{c.CheckedAt}, DatasetID: c.DatasetID, Domain: c.Host, Error: c.Error, ID: c.Number(),
		Headers:   FileCheckHeaders{ContentLength: c.ContentLength, ContentType: c.ContentType, ETag: c.ETag, LastModified: c.LastModified},
		NextCheck: Moment{c.DueAt}, ResourceID: c.ResourceID, Status: c.Status, Timeout: c.Timeout, URL: c.URL,
	}
}

type checkArgs struct {
	URL        string `query:"url" help:"The address of a file"`
	ResourceID string `query:"resource_id" help:"The identifier of a resource"`
}

// latest finds the check that arguments name.
func (a *API) latest(c *web.Call, q checkArgs) (*check.Check, error) {
	if q.URL == "" && q.ResourceID == "" {
		return nil, fault.New(fault.Invalid, "Give the argument url or resource_id.")
	}
	if q.ResourceID != "" && !db.IsUUID(q.ResourceID) {
		return nil, fault.New(fault.Invalid, "resource_id is the identifier of a resource, a UUID.")
	}
	found, err := a.Checks.Latest(c.Context(), q.ResourceID, q.URL)
	if err == nil && found == nil {
		err = fault.New(fault.NotFound, "No check of this file is known.")
	}
	return found, err
}

func (a *API) latestCheck(c *web.Call, q checkArgs) error {
	found, err := a.latest(c, q)
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, fileCheck(found))
}

// allChecks answers with the one check that is kept of a file.
func (a *API) allChecks(c *web.Call, q checkArgs) error {
	found, err := a.latest(c, q)
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, []FileCheck{fileCheck(found)})
}

type checkAggregateArgs struct {
	GroupBy   string `query:"group_by" help:"What to count by: available, content_type, error, domain, status or timeout"`
	CreatedAt string `query:"created_at" help:"The day, as 2026-03-01 or today"`
}

type checkAggregate struct {
	Count int64 `json:"count"`
	Value any   `json:"value"`
}

func (a *API) aggregateChecks(c *web.Call, q checkAggregateArgs) error {
	day := time.Now().UTC().Truncate(24 * time.Hour)
	if q.CreatedAt != "" && q.CreatedAt != "today" {
		var err error
		if day, err = time.Parse(time.DateOnly, q.CreatedAt); err != nil {
			return fault.New(fault.Invalid, "created_at is a day, as 2026-03-01, or today.")
		}
	}
	counts, err := a.Checks.Aggregate(c.Context(), q.GroupBy, day)
	if err != nil {
		return err
	}
	answer := make([]checkAggregate, len(counts))
	for i, one := range counts {
		answer[i].Count = one.Count
		if one.Value == nil {
			continue
		}
		answer[i].Value = *one.Value
		if status, err := strconv.Atoi(*one.Value); err == nil && q.GroupBy == "status" {
			answer[i].Value = status
		}
	}
	return send(c, http.StatusOK, answer)
}

func share(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return math.Round(1000*float64(part)/float64(whole)) / 10
}

func (a *API) checkStats(c *web.Call, _ web.None) error {
	f, err := a.Checks.Figures(c.Context())
	if err != nil {
		return err
	}
	counts := map[string]int64{}
	answer := FileChecks{StatusCodes: []FileCheckCode{}}
	for _, one := range f.Status {
		label := "error"
		switch {
		case one.Timeout:
			label = "timeout"
		case one.Status >= 200 && one.Status < 400:
			label = "ok"
		}
		counts[label] += one.Count
		if one.Status != 0 {
			answer.StatusCodes = append(answer.StatusCodes, FileCheckCode{Code: one.Status, Count: one.Count, Percentage: share(one.Count, f.Checked)})
		}
	}
	for _, label := range []string{"error", "timeout", "ok"} {
		answer.Status = append(answer.Status, FileCheckShare{Count: counts[label], Label: label, Percentage: share(counts[label], f.Checked)})
	}
	return send(c, http.StatusOK, answer)
}

type checkCORS struct {
	Allowed int64 `json:"allowed"`
	Refused int64 `json:"refused"`
}

func (a *API) checkCORSStats(c *web.Call, _ web.None) error {
	f, err := a.Checks.Figures(c.Context())
	if err != nil {
		return err
	}
	var answer checkCORS
	for _, one := range f.CORS {
		if one.Allowed {
			answer.Allowed = one.Count
		} else {
			answer.Refused = one.Count
		}
	}
	return send(c, http.StatusOK, answer)
}

// checkState tells how far the checks are.
type checkState struct {
	Checked int64         `json:"checked"`
	Pending int64         `json:"pending_checks"`
	Resting []restingHost `json:"backoff_domains"`
	Total   int64         `json:"total"`
}

type restingHost struct {
	Domain string `json:"domain"`
	Reason string `json:"reason"`
	Until  Moment `json:"until"`
}

func (a *API) checkState(c *web.Call, _ web.None) error {
	f, err := a.Checks.Figures(c.Context())
	if err != nil {
		return err
	}
	answer := checkState{Checked: f.Checked, Pending: f.Waiting, Total: f.Total, Resting: []restingHost{}}
	for _, host := range f.Resting {
		answer.Resting = append(answer.Resting, restingHost{host.Host, host.Reason, Moment{host.RestUntil}})
	}
	return send(c, http.StatusOK, answer)
}
