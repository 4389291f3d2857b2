package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"grenier/internal/account"
	"grenier/internal/db"
)

const (
	// adminRounds is how often each page of the administration is asked for, and
	// adminClients how many ask at once the second time.
	adminRounds, adminClients = 60, 8
	adminBar                  = 50.0
)

// measureAdmin asks for the first page and the lists of the administration on the
// whole catalogue: as an administrator of the site, and as an editor of the
// organisation that publishes most.
func (o options) measureAdmin(ctx context.Context, r *report) error {
	organization, datasets, err := o.largestOrganization(ctx)
	if err != nil {
		return err
	}
	admin, err := o.administrator(ctx)
	if err != nil {
		return err
	}
	editor, err := o.editor(ctx, organization)
	if err != nil {
		return err
	}
	p, _, err := o.serve(ctx)
	if err != nil {
		return err
	}
	defer p.stop()
	theirs := "/admin/organizations/" + organization
	for _, who := range []struct {
		name, token string
		pages       []string
	}{
		{"an administrator of the site", admin, []string{
			"/admin", "/admin/site/datasets", "/admin/site/datasets?q=transport", "/admin/site/datasets?page=400", "/admin/site/datasets?size=100&sort=title",
			"/admin/site/reuses", "/admin/site/dataservices", "/admin/site/organizations", "/admin/site/users", "/admin/site/jobs", "/admin/site/bin",
			"/admin/site/activity", theirs + "/", theirs + "/datasets",
		}},
		{fmt.Sprintf("an editor of an organisation of %d datasets", datasets), editor, []string{
			"/admin", theirs + "/", theirs + "/datasets", theirs + "/datasets?q=transport", theirs + "/datasets?page=400", theirs + "/datasets?size=100&sort=title",
			theirs + "/reuses", theirs + "/dataservices", theirs + "/members", theirs + "/bin", theirs + "/activity", theirs + "/figures",
		}},
	} {
		d := &desk{process: p, token: who.token}
		for _, clients := range []int{1, adminClients} {
			slowest, err := d.adminPages(who.pages, clients)
			if err != nil {
				return err
			}
			work := fmt.Sprintf("administration, %s, %d client", who.name, clients)
			if clients > 1 {
				work += "s"
			}
			r.add(work, "p99 of each page ≤ 50 ms", slowest.text(strings.ReplaceAll(slowest.page, organization, "…")), "–", slowest.p99 <= adminBar)
		}
	}
	return nil
}

// pageTimes are how long a page took, in milliseconds.
type pageTimes struct {
	page             string
	median, p95, p99 float64
}

func (t pageTimes) text(name string) string {
	return fmt.Sprintf("slowest `%s`: median %.1f ms, p95 %.1f ms, p99 %.1f ms", name, t.median, t.p95, t.p99)
}

// adminPages asks for pages, each adminRounds times by so many clients, and
// returns the times of the slowest; all are told on the way.
func (d *desk) adminPages(pages []string, clients int) (slowest pageTimes, err error) {
	for _, page := range pages {
		for range 3 { // the first ones compile the templates
			if _, err := d.read(page); err != nil {
				return slowest, err
			}
		}
		times := make([][]float64, clients)
		errs := make([]error, clients)
		var wg sync.WaitGroup
		for i := range clients {
			wg.Go(func() {
				for range adminRounds {
					took, err := d.read(page)
					if err != nil {
						errs[i] = err
						return
					}
					times[i] = append(times[i], took.Seconds()*1000)
				}
			})
		}
		wg.Wait()
		if err := errors.Join(errs...); err != nil {
			return slowest, err
		}
		var all []float64
		for _, some := range times {
			all = append(all, some...)
		}
		t := pageTimes{page, median(all), quantile(all, 0.95), quantile(all, 0.99)}
		progress("    %-70s %d: %s\n", page, clients, t.text(""))
		if t.p99 > slowest.p99 {
			slowest = t
		}
	}
	return slowest, nil
}

// largestOrganization is that of most datasets, archived ones included, and their
// number.
func (o options) largestOrganization(ctx context.Context) (id string, datasets int64, err error) {
	store, err := db.Open(ctx, db.Options{Dir: o.data()})
	if err != nil {
		return "", 0, err
	}
	defer store.Close()
	err = store.Read().NewRaw(`SELECT organization_id, count(*) FROM datasets WHERE organization_id IS NOT NULL
		GROUP BY organization_id ORDER BY count(*) DESC, organization_id LIMIT 1`).Scan(ctx, &id, &datasets)
	return id, datasets, err
}

// administrator makes an administrator of the site and returns a token of theirs.
func (o options) administrator(ctx context.Context) (token string, err error) {
	_, token, err = o.account(ctx, "admin", "--admin")
	return token, err
}

// editor makes an editor of an organisation and returns a token of theirs.
func (o options) editor(ctx context.Context, organization string) (token string, err error) {
	id, token, err := o.account(ctx, "editor")
	if err != nil {
		return "", err
	}
	store, err := db.Open(ctx, db.Options{Dir: o.data()})
	if err != nil {
		return "", err
	}
	defer store.Close()
	member := &account.Member{OrganizationID: organization, UserID: id, Role: account.RoleEditor, Since: db.Now(), Position: 1 << 20}
	return token, store.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewInsert().Model(member).Exec(ctx)
		return err
	})
}

// account makes an account by the program's own commands, a new one in each run.
func (o options) account(ctx context.Context, name string, more ...string) (id, token string, err error) {
	mail := fmt.Sprintf("%s-%d@example.org", name, time.Now().UnixNano())
	if id, err = o.command(ctx, append([]string{"user", "create", mail, "--first-name", "Ada", "--last-name", "Banc"}, more...)...); err != nil {
		return "", "", err
	}
	token, err = o.command(ctx, "token", "create", mail)
	return id, token, err
}
