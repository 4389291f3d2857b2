package main

import (
	"context"
	"fmt"
	"strings"

	"grenier/internal/account"
	"grenier/internal/app"
	"grenier/internal/db"
)

type tokenCommand struct {
	Create tokenCreate `cmd:"" help:"Create a token for somebody and print it, alone and once."`
	List   tokenList   `cmd:"" help:"List the tokens that are not revoked."`
	Revoke tokenRevoke `cmd:"" help:"End a token."`
}

type tokenCreate struct {
	Email string   `arg:"" help:"Email address of the account the token acts for."`
	Name  string   `help:"Name by which the person knows the token."`
	Scope []string `placeholder:"S" help:"What the token may do: read, write, admin (everything the person may, as without scopes); organization:<id> and dataset:<id> narrow what it reaches."`
}

func (c *tokenCreate) Run(ctx context.Context, p *program) error {
	if account.CheckScopes(c.Scope) != nil {
		return usage("--scope: expected read, write, admin, organization:<id> or dataset:<id>, not %q", strings.Join(c.Scope, ","))
	}
	return p.person(ctx, c.Email, func(a *app.App, user *account.User) error {
		_, plain, err := a.Tokens.Create(ctx, user.ID, c.Name, c.Scope, db.Time{})
		if err == nil {
			fmt.Fprintln(p.out, plain)
		}
		return err
	})
}

type tokenList struct {
	Email string `arg:"" optional:"" help:"Email address of an account; everybody's without it."`
	tableFlag
}

// tokenRow is a token in a table.
type tokenRow struct {
	ID       string  `json:"id"`
	Prefix   string  `json:"token_prefix"`
	Name     *string `json:"name"`
	Email    *string `json:"email"`
	Scopes   db.JSON `json:"scopes"`
	Created  *string `json:"created_at"`
	LastUsed *string `json:"last_used_at"`
	Expires  *string `json:"expires_at"`
	created  string
	lastUsed string
}

// maxTokens bounds the list of everybody's tokens.
const maxTokens = 100_000

func (c *tokenList) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(a *app.App) error {
		tokens, err := c.find(ctx, a)
		if err != nil {
			return err
		}
		emails, err := emailsOf(ctx, a, tokens)
		if err != nil {
			return err
		}
		rows := make([]tokenRow, len(tokens))
		for i, token := range tokens {
			rows[i] = tokenRow{
				ID: token.ID, Prefix: token.Prefix, Name: token.Name, Email: emails[token.UserID], Scopes: token.Scopes,
				Created: moment(token.CreatedAt), LastUsed: moment(token.LastUsedAt), Expires: moment(token.ExpiresAt),
				created: minute(token.CreatedAt), lastUsed: minute(token.LastUsedAt),
			}
		}
		return printTable(p, c.JSON, rows,
			column[tokenRow]{"id", func(r tokenRow) string { return r.ID }},
			column[tokenRow]{"token", func(r tokenRow) string { return r.Prefix + "…" }},
			column[tokenRow]{"name", func(r tokenRow) string { return orDash(r.Name) }},
			column[tokenRow]{"email", func(r tokenRow) string { return orDash(r.Email) }},
			column[tokenRow]{"created", func(r tokenRow) string { return r.created }},
			column[tokenRow]{"last used", func(r tokenRow) string { return r.lastUsed }},
		)
	})
}

func orDash(text *string) string {
	if text == nil || *text == "" {
		return "-"
	}
	return *text
}

func (c *tokenList) find(ctx context.Context, a *app.App) ([]account.Token, error) {
	if c.Email == "" {
		return a.Tokens.All(ctx, operator, maxTokens)
	}
	user, err := a.People.ByEmail(ctx, operator, c.Email)
	if err != nil {
		return nil, err
	}
	return a.Tokens.List(ctx, user.ID)
}

// emailsOf finds the addresses of the people of tokens.
func emailsOf(ctx context.Context, a *app.App, tokens []account.Token) (map[string]*string, error) {
	emails := make(map[string]*string)
	for _, token := range tokens {
		if _, ok := emails[token.UserID]; ok {
			continue
		}
		user, err := a.People.Get(ctx, operator, token.UserID)
		if err != nil {
			return nil, err
		}
		emails[token.UserID] = user.Email
	}
	return emails, nil
}

type tokenRevoke struct {
	Token string `arg:"" help:"Identifier of the token, its beginning as the list shows it, or the whole token."`
}

func (c *tokenRevoke) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(a *app.App) error {
		token, err := a.Tokens.Find(ctx, operator, c.Token)
		if err != nil {
			return err
		}
		return a.Tokens.Revoke(ctx, token.UserID, token.ID)
	})
}
