package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"

	"grenier/internal/account"
	"grenier/internal/app"
)

// operator is who writes from the command line.
var operator = account.System("command")

type userCommand struct {
	Create   userCreate   `cmd:"" help:"Create a confirmed account and print its identifier."`
	List     userList     `cmd:"" help:"List the accounts."`
	Password userPassword `cmd:"" help:"Set the password of an account."`
	Admin    userAdmin    `cmd:"" help:"Make somebody an administrator of the platform."`
	Disable  userDisable  `cmd:"" help:"Shut an account out, with all its tokens."`

	UnsetTwoFactor userUnsetTwoFactor `cmd:"" help:"Remove the second factor of somebody who has lost it; all their sessions end."`
}

type userCreate struct {
	Email         string `arg:"" help:"Email address."`
	FirstName     string `required:"" placeholder:"A" help:"First name."`
	LastName      string `required:"" placeholder:"B" help:"Last name."`
	Admin         bool   `help:"Make the person an administrator of the platform."`
	PasswordStdin bool   `help:"Read the password from the first line of the standard input. Without a password nobody can log in."`
}

func (c *userCreate) Run(ctx context.Context, p *program) error {
	given := account.NewUser{Email: c.Email, FirstName: c.FirstName, LastName: c.LastName, Admin: c.Admin}
	if c.PasswordStdin {
		password, err := p.readPassword()
		if err != nil {
			return err
		}
		given.Password = password
	}
	return p.with(ctx, func(a *app.App) error {
		user, err := account.NewWriter(a.Events).CreateUser(ctx, operator, given)
		if err == nil {
			fmt.Fprintln(p.out, user.ID)
		}
		return err
	})
}

// maxPasswordLine bounds what is read of the standard input, in bytes.
const maxPasswordLine = 8 << 10

// readPassword reads the first line of the standard input.
func (p *program) readPassword() (string, error) {
	line, err := bufio.NewReader(io.LimitReader(p.in, maxPasswordLine)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("the password cannot be read: %w", err)
	}
	password := strings.TrimRight(line, "\r\n")
	if password == "" {
		return "", errors.New("no password came from the standard input")
	}
	return password, nil
}

// person finds the account of an address and runs fn with it.
func (p *program) person(ctx context.Context, email string, fn func(*app.App, *account.User) error) error {
	return p.with(ctx, func(a *app.App) error {
		user, err := a.People.ByEmail(ctx, operator, email)
		if err != nil {
			return err
		}
		return fn(a, user)
	})
}

type userList struct{ tableFlag }

// accountRow is an account in a table.
type accountRow struct {
	ID        string  `json:"id"`
	Email     string  `json:"email"`
	FirstName string  `json:"first_name"`
	LastName  string  `json:"last_name"`
	Slug      string  `json:"slug"`
	Admin     bool    `json:"admin"`
	Active    bool    `json:"active"`
	Password  bool    `json:"password"`
	Created   *string `json:"created_at"`
	created   string
}

// listPage is how many rows a list reads at once.
const listPage = 1000

func (c *userList) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(a *app.App) error {
		var rows []accountRow
		for after := ""; ; {
			users, err := a.People.Accounts(ctx, operator, after, listPage)
			if err != nil {
				return err
			}
			for _, user := range users {
				rows = append(rows, accountRow{
					ID: user.ID, Email: *user.Email, FirstName: user.FirstName, LastName: user.LastName, Slug: user.Slug, Admin: user.Admin,
					Active: user.Active, Password: user.Password != nil, Created: moment(user.CreatedAt), created: minute(user.CreatedAt),
				})
			}
			if len(users) < listPage {
				break
			}
			after = users[len(users)-1].ID
		}
		return printTable(p, c.JSON, rows,
			column[accountRow]{"id", func(r accountRow) string { return r.ID }},
			column[accountRow]{"email", func(r accountRow) string { return r.Email }},
			column[accountRow]{"name", func(r accountRow) string { return r.FirstName + " " + r.LastName }},
			column[accountRow]{"admin", func(r accountRow) string { return yes(r.Admin) }},
			column[accountRow]{"active", func(r accountRow) string { return yes(r.Active) }},
			column[accountRow]{"password", func(r accountRow) string { return yes(r.Password) }},
			column[accountRow]{"created", func(r accountRow) string { return r.created }},
		)
	})
}

type userPassword struct {
	Email         string `arg:"" help:"Email address of the account."`
	PasswordStdin bool   `xor:"from" help:"Read the password from the first line of the standard input. Without this flag one is drawn and printed."`
	HashStdin     bool   `xor:"from" help:"Read the hash of another system from the first line of the standard input: $argon2id$…, $2b$… (bcrypt) or udata-bcrypt:<salt in base64>:$2b$…. It is made anew at the next login."`
}

func (c *userPassword) Run(ctx context.Context, p *program) error {
	if c.HashStdin {
		return c.importHash(ctx, p)
	}
	password := drawPassword()
	if c.PasswordStdin {
		var err error
		if password, err = p.readPassword(); err != nil {
			return err
		}
	}
	return p.person(ctx, c.Email, func(a *app.App, user *account.User) error {
		if err := account.NewWriter(a.Events).SetPassword(ctx, operator, user.ID, password); err != nil {
			return err
		}
		if !c.PasswordStdin {
			fmt.Fprintln(p.out, password)
		}
		return nil
	})
}

// importHash sets the password by the hash that another system kept.
func (c *userPassword) importHash(ctx context.Context, p *program) error {
	encoded, err := p.readPassword()
	if err != nil {
		return err
	}
	return p.person(ctx, c.Email, func(a *app.App, user *account.User) error {
		return a.Accounts.ImportPassword(ctx, operator, user.ID, encoded)
	})
}

type userUnsetTwoFactor struct {
	Email string `arg:"" help:"Email address of the account."`
}

func (c *userUnsetTwoFactor) Run(ctx context.Context, p *program) error {
	return p.person(ctx, c.Email, func(a *app.App, user *account.User) error {
		return a.Accounts.UnsetFactor(ctx, operator, user.ID)
	})
}

// drawPassword makes a password of 130 random bits that holds what the rules
// ask for.
func drawPassword() string { return strings.ToLower(rand.Text()[:13]) + rand.Text()[:13] + "a7A" }

type userAdmin struct {
	Email string `arg:"" help:"Email address of the account."`
	Undo  bool   `help:"Take the right away."`
}

func (c *userAdmin) Run(ctx context.Context, p *program) error {
	return p.person(ctx, c.Email, func(a *app.App, user *account.User) error {
		return account.NewWriter(a.Events).SetAdmin(ctx, operator, user.ID, !c.Undo)
	})
}

type userDisable struct {
	Email string `arg:"" help:"Email address of the account."`
	Undo  bool   `help:"Let the account in again."`
}

func (c *userDisable) Run(ctx context.Context, p *program) error {
	return p.person(ctx, c.Email, func(a *app.App, user *account.User) error {
		return account.NewWriter(a.Events).SetActive(ctx, operator, user.ID, c.Undo)
	})
}
