package app

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"grenier/internal/account"
	"grenier/internal/api"
	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/job"
	"grenier/internal/portal"
)

// callers finds who sends a request.
func (a *App) callers() api.Callers {
	return api.Callers{Sessions: a.Sessions, Tokens: a.Tokens, Bearers: a.OAuth, Rates: a.Rates, TrustedProxies: a.Settings.TrustedProxies}
}

// letIn gives the pages what people log in with.
func (a *App) letIn(deps *portal.Deps) {
	deps.Accounts, deps.Sessions, deps.SessionCookie = a.Accounts, a.Sessions, api.SessionCookie
	deps.Registration, deps.ReadOnly = a.registration, a.readOnly
	deps.Tokens, deps.Programs, deps.Webhooks = a.Tokens, a.OAuth, a.Webhooks
	a.offerProvider(deps)
	deps.Jobs, deps.Started = a.Jobs, a.started
	if deps.DemoAccounts = a.demo; len(a.demo) > 0 {
		deps.Mailbox = a.Mail // everybody may play there
	}
	deps.Unsent = a.Settings.SMTP == "" && len(a.demo) == 0
	deps.Program, deps.ProgramData = shellWord(os.Args[0]), a.dataOptions()
}

// usualData is the data folder of a program that is told of none.
const usualData = "./data"

// dataOptions are the options that have a command work on this site's data, as
// a shell reads them. The address of a database may hold a password: it is left
// to fill in.
func (a *App) dataOptions() string {
	var options []string
	if a.Settings.Data != usualData {
		options = append(options, "--data "+shellWord(a.Settings.Data))
	}
	if a.Settings.Database != "" {
		options = append(options, "--database 'postgres://…'")
	}
	return strings.Join(options, " ")
}

// plainWord is a word that shells read as it stands.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:@%+,=-]+$`)

// shellWord writes a word as a shell reads it back.
func shellWord(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// registerAccountJobs registers the work on accounts and sessions.
func (a *App) registerAccountJobs(runner *job.Runner) {
	runner.Register(job.Kind{Name: "sessions.prune", Work: a.pruneSessions, Schedule: "@hourly", Limit: 1})
	runner.Register(job.Kind{Name: "accounts.inactive", Work: a.closeInactive, Schedule: "@daily", Limit: 1})
	runner.Register(job.Kind{Name: "tokens.warn", Work: a.warnTokens, Schedule: "@daily", Limit: 1})
}

// pruneSessions removes the sessions and the counters of attempts that are over.
func (a *App) pruneSessions(ctx context.Context, run *job.Run) error {
	sessions, err := a.Sessions.Prune(ctx)
	if err != nil {
		return err
	}
	rates, err := a.Rates.Prune(ctx)
	run.Progress(100, fmt.Sprintf("%d sessions and %d counters removed", sessions, rates))
	return err
}

// closeInactive warns and closes accounts that nobody logs in to.
func (a *App) closeInactive(ctx context.Context, run *job.Run) error {
	warned, closed, err := a.Accounts.CloseInactive(ctx, time.Now())
	run.Progress(100, fmt.Sprintf("%d accounts warned, %d closed", warned, closed))
	return err
}

// warnTokens tells people of their tokens that end soon.
func (a *App) warnTokens(ctx context.Context, run *job.Run) error {
	warned, err := a.Accounts.WarnTokens(ctx, time.Now())
	run.Progress(100, fmt.Sprintf("%d tokens told of", warned))
	return err
}

// SetupLink is the link by which a site without an administrator is set up, ""
// for others. base is the address of the site when no setting gives one.
func (a *App) SetupLink(ctx context.Context, base string) (string, error) {
	code, err := a.Accounts.SetupCode(ctx)
	if err != nil || code == "" {
		return "", err
	}
	if a.Settings.BaseURL != "" {
		base = a.Settings.BaseURL
	}
	return base + "/setup?code=" + code, nil
}

// demoPassword is that of the accounts of the demonstration.
const demoPassword = "Grenier-demo-1"

// demoPeople are the accounts of the demonstration: what they may is told by the
// role. The first two work in the organisation that publishes most.
var demoPeople = []struct {
	portal.DemoAccount
	first, last string
	member      account.Role
}{
	{portal.DemoAccount{Email: "producer@demo.example", Password: demoPassword, Name: "Paule Productrice", Role: "producer"}, "Paule", "Productrice", account.RoleAdmin},
	{portal.DemoAccount{Email: "editor@demo.example", Password: demoPassword, Name: "Édouard Éditeur", Role: "editor"}, "Édouard", "Éditeur", account.RoleEditor},
	{portal.DemoAccount{Email: "admin@demo.example", Password: demoPassword, Name: "Alice Administratrice", Role: "admin"}, "Alice", "Administratrice", ""},
}

// demoMark names the row which says that the accounts of the demonstration were
// made: those that were closed since stay so.
const demoMark = "demo-accounts"

// DemoAccounts makes the accounts of the demonstration, once, and has the page
// to log in on offer them.
func (a *App) DemoAccounts(ctx context.Context) error {
	for _, person := range demoPeople {
		a.demo = append(a.demo, person.DemoAccount)
	}
	var marks int
	err := a.DB.Read().NewRaw("SELECT count(*) FROM settings WHERE name = ?", demoMark).Scan(ctx, &marks)
	if err != nil || marks > 0 {
		return err
	}
	var busiest []string
	err = a.DB.Read().NewRaw("SELECT id FROM organizations WHERE deleted_at IS NULL ORDER BY datasets DESC, id LIMIT 1").Scan(ctx, &busiest)
	if err != nil {
		return err
	}
	for i := range demoPeople {
		if err := a.demoPerson(ctx, i, busiest); err != nil {
			return fmt.Errorf("the accounts of the demonstration cannot be made: %w", err)
		}
	}
	return a.DB.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw("INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING", demoMark, Version).Exec(ctx)
		return err
	})
}

// demoPerson makes one account, or goes on where a start that was interrupted
// has made it.
func (a *App) demoPerson(ctx context.Context, index int, organizations []string) error {
	person, system := demoPeople[index], account.System("demo")
	user, err := a.People.ByEmail(ctx, system, person.Email)
	if fault.Is(err, fault.NotFound) {
		user, err = a.Accounts.CreateUser(ctx, system, account.NewUser{
			Email: person.Email, FirstName: person.first, LastName: person.last, Password: person.Password, Admin: person.member == "",
		})
	}
	if err != nil || person.member == "" || len(organizations) == 0 {
		return err
	}
	viewer, err := account.ViewerOf(ctx, a.DB.Read(), user.ID)
	if err != nil || viewer.Member(organizations[0]) {
		return err
	}
	return a.Accounts.AddMember(ctx, system, organizations[0], user.ID, person.member)
}
