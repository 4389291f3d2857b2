package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"time"

	"grenier/internal/account"
	"grenier/internal/db"
)

const (
	// pendingRequests are the people who ask to join the organisation whose
	// members page is measured, otherMembers those who are in it.
	pendingRequests, otherMembers = 1_000, 200
	// memberPages is how often each page is asked for.
	memberPages = 200
)

// measureMembers asks for the pages about the people of an organisation that a
// thousand people ask to join: the members, and every page of the requests.
func (o options) measureMembers(ctx context.Context, r *report) error {
	o.folder = filepath.Join(o.folder, "members")
	d, err := o.desk(ctx)
	if err != nil {
		return err
	}
	d.stop()
	if err := o.peopleAsk(ctx, d.organization); err != nil {
		return err
	}
	if d.process, _, err = o.serve(ctx); err != nil {
		return err
	}
	defer d.stop()
	members := "/admin/organizations/" + d.organization + "/members"
	var times []float64
	for n := range 2*memberPages + 10 {
		path := members
		if n%2 == 1 {
			path = fmt.Sprintf("%s/requests?page=%d", members, 1+n/2%(pendingRequests/20))
		}
		took, err := d.read(path)
		if err != nil {
			return err
		}
		if n >= 10 { // the first ones compile the templates
			times = append(times, took.Seconds()*1000)
		}
	}
	p95 := quantile(times, 0.95)
	r.add(fmt.Sprintf("members page, %d pending requests, %d members", pendingRequests, otherMembers), "p95 ≤ 50 ms",
		fmt.Sprintf("p95 %.1f ms, median %.1f ms", p95, median(times)), "–", p95 <= 50)
	return nil
}

// read asks for a page as its owner and tells how long it took.
func (d *desk) read(path string) (time.Duration, error) {
	r, err := http.NewRequest(http.MethodGet, "http://"+d.address+path, nil)
	if err != nil {
		return 0, err
	}
	r.Header.Set("X-API-KEY", d.token)
	r.Header.Set("Accept", "text/html,application/xhtml+xml;q=0.9")
	began := time.Now()
	answer, err := plain.Do(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	if _, err = io.Copy(io.Discard, answer.Body); err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %d", path, answer.StatusCode)
	}
	return time.Since(began), err
}

// peopleAsk puts members and requests into an organisation, as rows: a thousand
// people would take their time to register.
func (o options) peopleAsk(ctx context.Context, organization string) error {
	store, err := db.Open(ctx, db.Options{Dir: o.data()})
	if err != nil {
		return err
	}
	defer store.Close()
	var people []account.User
	var members []account.Member
	var requests []account.MembershipRequest
	for n := range pendingRequests + otherMembers {
		id, now := fmt.Sprintf("%024x", 1<<40+n), db.Now()
		people = append(people, account.User{
			ID: id, Version: 1, Slug: "banc-" + id, FirstName: "Personne", LastName: fmt.Sprint(n), NameFold: fmt.Sprint("personne ", n),
			Active: true, CreatedAt: now, ModifiedAt: now, LastLoginAt: now, Stamp: id,
		})
		if n < otherMembers {
			members = append(members, account.Member{OrganizationID: organization, UserID: id, Role: account.RoleEditor, Since: now, Position: int64(n + 1)})
			continue
		}
		requests = append(requests, account.MembershipRequest{
			ID: db.NewUUID(), OrganizationID: organization, UserID: &id, Kind: account.RequestKind, Status: account.StatusPending, Role: account.RoleEditor,
			Comment: "Bonjour, je travaille au service des données et je souhaite publier nos comptages.", CreatedAt: now,
		})
	}
	return store.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
		for _, rows := range []any{&people, &members, &requests} {
			if _, err := tx.NewInsert().Model(rows).Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}
