package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"grenier/internal/account"
	"grenier/internal/app"
)

type orgCommand struct {
	Create     orgCreate     `cmd:"" help:"Create an organization and print its identifier."`
	Rename     orgRename     `cmd:"" help:"Give an organization another name; its former address leads to the new one."`
	AttachZone orgAttachZone `cmd:"" help:"Say of which zone an organization is the authority."`
}

type orgCreate struct {
	Name        string   `arg:"" help:"Name."`
	Acronym     string   `help:"Acronym."`
	Description string   `placeholder:"TEXT" help:"Description, in Markdown."`
	Member      []string `placeholder:"EMAIL:ROLE" help:"People it starts with; roles are admin, editor and partial_editor."`
}

func (c *orgCreate) Run(ctx context.Context, p *program) error {
	type member struct {
		email string
		role  account.Role
	}
	named := make([]member, len(c.Member))
	for i, text := range c.Member {
		at := strings.LastIndexByte(text, ':')
		if at < 1 || !slices.Contains(account.Roles, account.Role(text[at+1:])) {
			return usage("--member: expected EMAIL:ROLE with the role admin, editor or partial_editor, not %q", text)
		}
		named[i] = member{text[:at], account.Role(text[at+1:])}
	}
	return p.with(ctx, func(a *app.App) error {
		given := account.NewOrganization{Name: c.Name, Acronym: c.Acronym, Description: c.Description}
		for _, member := range named {
			user, err := a.People.ByEmail(ctx, operator, member.email)
			if err != nil {
				return err
			}
			given.Members = append(given.Members, account.NewMember{UserID: user.ID, Role: member.role})
		}
		organization, err := account.NewWriter(a.Events).CreateOrganization(ctx, operator, given)
		if err == nil {
			fmt.Fprintln(p.out, organization.ID)
		}
		return err
	})
}

type orgRename struct {
	Organization string `arg:"" help:"Identifier or slug of the organization."`
	Name         string `arg:"" help:"New name."`
}

func (c *orgRename) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(a *app.App) error {
		found, err := a.Organizations.Resolve(ctx, c.Organization)
		if err != nil {
			return err
		}
		organization, err := account.NewWriter(a.Events).RenameOrganization(ctx, operator, found.ID, c.Name)
		if err == nil {
			fmt.Fprintln(p.out, organization.Slug)
		}
		return err
	})
}

type orgAttachZone struct {
	Organization string `arg:"" help:"Identifier or slug of the organization."`
	Zone         string `arg:"" optional:"" help:"Identifier of the zone, as fr:departement:38; none takes the present one away."`
}

func (c *orgAttachZone) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(a *app.App) error {
		zone := ""
		if c.Zone != "" {
			known, ok := a.Zones.Get(c.Zone)
			if !ok {
				return fmt.Errorf("there is no zone %q; identifiers are written as fr:commune:38185, fr:departement:38 or country:fr", c.Zone)
			}
			zone = known.ID
		}
		found, err := a.Organizations.Resolve(ctx, c.Organization)
		if err != nil {
			return err
		}
		_, err = account.NewWriter(a.Events).AttachZone(ctx, operator, found.ID, zone)
		return err
	})
}
