package api

import (
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/image"
	"grenier/internal/web"
)

// UploadedImage is a picture that was taken.
type UploadedImage struct {
	Image   string `json:"image"`
	Success bool   `json:"success"`
}

// pictured is an object that may have a picture.
type pictured struct {
	kind string
	// find names the object of a request.
	find func(*web.Call) (id string, done bool, err error)
	// set gives it the picture.
	set func(ctx context.Context, v account.Viewer, id string, p account.Picture) error
}

// imageRoutes take pictures: logos, avatars, images of reuses.
func (a *API) imageRoutes() {
	image := func(kind string) func(context.Context, account.Viewer, string, account.Picture) error {
		return func(ctx context.Context, v account.Viewer, id string, p account.Picture) error {
			return a.Catalog.SetImage(ctx, v, kind, id, p)
		}
	}
	by := func(name, kind string, find func(context.Context, string) (*account.Resolved, error)) func(*web.Call) (string, bool, error) {
		return func(c *web.Call) (string, bool, error) { return a.resolved(c, name, kind, find) }
	}
	logo := pictured{catalog.KindOrganization, a.resolveOrganization, func(ctx context.Context, v account.Viewer, id string, p account.Picture) error {
		return a.Accounts.SetLogo(ctx, v, id, p)
	}}
	portrait := func(find func(*web.Call) (string, bool, error)) pictured {
		return pictured{catalog.KindUser, find, func(ctx context.Context, v account.Viewer, id string, p account.Picture) error {
			return a.Accounts.SetAvatar(ctx, v, id, p)
		}}
	}
	program := pictured{catalog.KindProgram, a.managedProgram, func(ctx context.Context, v account.Viewer, id string, p account.Picture) error {
		return a.OAuth.SetImage(ctx, v, id, p)
	}}
	me := func(c *web.Call) (string, bool, error) { return viewer(c).UserID(), false, nil }
	reuse := pictured{catalog.KindReuse, by("reuse", catalog.KindReuse, a.Catalog.ResolveReuse), image(catalog.KindReuse)}
	cover := pictured{catalog.KindPost, by("post", catalog.KindPost, a.Catalog.ResolvePost), image(catalog.KindPost)}
	drawing := pictured{catalog.KindChart, by("visualization", catalog.KindChart, a.Catalog.ResolveChart), image(catalog.KindChart)}
	a.takePicture(a.v1, http.MethodPost, "/organizations/{org}/logo/", "Send the logo of an organization", "organizations", web.User, logo)
	a.takePicture(a.v1, http.MethodPut, "/organizations/{org}/logo/", "Replace the logo of an organization", "organizations", web.User, logo)
	a.takePicture(a.v1, http.MethodPost, "/me/avatar/", "Send my portrait", "me", web.User, portrait(me))
	a.takePicture(a.v1, http.MethodPost, "/users/{user}/avatar/", "Send the portrait of a person", "users", web.Admin, portrait(a.resolvePortrayed))
	a.takePicture(a.v1, http.MethodPost, "/reuses/{reuse}/image/", "Send the picture of a reuse", "reuses", web.User, reuse)
	a.takePicture(a.v1, http.MethodPost, "/posts/{post}/image/", "Send the picture of a post", "posts", web.Admin, cover)
	a.takePicture(a.v1, http.MethodPut, "/posts/{post}/image/", "Replace the picture of a post", "posts", web.Admin, cover)
	a.takePicture(a.v1, http.MethodPost, "/visualizations/{visualization}/image/", "Send the picture of a visualization", "visualizations", web.User, drawing)
	a.takePicture(a.v2, http.MethodPost, "/oauth/clients/{client}/image/", "Send the picture of a program", "oauth", web.User, program)
}

// managedProgram finds the program of a request among those that the caller
// manages.
func (a *API) managedProgram(c *web.Call) (string, bool, error) {
	client, err := a.OAuth.Client(c.Context(), viewer(c), c.Param("client"))
	if err != nil {
		return "", false, err
	}
	return client.ID, false, nil
}

// resolvePortrayed finds the person whose portrait a request brings.
func (a *API) resolvePortrayed(c *web.Call) (string, bool, error) {
	user, done, err := a.resolveUser(c)
	if done || err != nil {
		return "", done, err
	}
	return user.ID, false, nil
}

func (a *API) takePicture(table *web.Table, method, path, summary, tag string, auth web.Auth, of pictured) {
	doc := web.Doc{
		Summary: summary, Tags: []string{tag}, Auth: auth, MaxBody: image.DefaultBytes + formRoom, Consumes: []string{"multipart/form-data"},
		Description: "The form holds the field file, a JPEG, PNG or WebP picture, and may hold bbox, the part to show: left,top,right,bottom in pixels.",
	}
	take := func(c *web.Call, _ web.None, _ web.Raw) error { return a.picture(c, of) }
	if method == http.MethodPut {
		web.Put[UploadedImage](table, path, doc, take)
		return
	}
	web.Post[UploadedImage](table, path, doc, take)
}

func (a *API) picture(c *web.Call, of pictured) error {
	id, done, err := of.find(c)
	if done || err != nil {
		return err
	}
	v := viewer(c)
	if err := a.Files.PreparePicture(c.Context(), v, of.kind, id); err != nil {
		return err
	}
	file, box, err := readPicture(c)
	if err != nil {
		return err
	}
	picture, err := a.Files.Picture(c.Context(), v, of.kind, strings.NewReader(file), box)
	if err != nil {
		return err
	}
	if err := of.set(c.Context(), v, id, picture); err != nil {
		return err
	}
	return send(c, http.StatusOK, UploadedImage{Image: hostedAt(picture.Image), Success: true})
}

// readPicture reads the form of a picture.
func readPicture(c *web.Call) (file string, box *image.Box, err error) {
	form := openForm(c)
	if form == nil {
		return "", nil, errMissingFile
	}
	var part *multipart.Part
	for found := false; ; found = true {
		if part, err = form.next(); err != nil {
			return "", nil, err
		}
		if part == nil {
			if !found {
				return "", nil, errMissingFile
			}
			break
		}
		body, err := io.ReadAll(io.LimitReader(part, image.DefaultBytes+1))
		if err != nil {
			return "", nil, formFault(err)
		}
		file = string(body)
	}
	box, err = boxOf(form.fields["bbox"])
	return file, box, err
}

// boxOf reads the part of a picture to show: left,top,right,bottom, whose
// fractions of pixels are left out.
func boxOf(text string) (*image.Box, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var box image.Box
	sides := strings.Split(text, ",")
	for i, into := range []*int{&box.Left, &box.Top, &box.Right, &box.Bottom} {
		if len(sides) != 4 {
			return nil, errBox
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(sides[i]), 64)
		if err != nil || n != n || n < -1e9 || n > 1e9 {
			return nil, errBox
		}
		*into = int(n)
	}
	return &box, nil
}

var errBox = fault.New(fault.Invalid, "The field bbox must hold four numbers of pixels: left,top,right,bottom.")

// hostedAt is an address as answers show it: that of a hosted file is completed
// when it is sent.
func hostedAt(address string) string {
	if catalog.Hosted(address) {
		return link(address)
	}
	return address
}

// picture is hostedAt for a picture that may be missing.
func picture(address *string) *string {
	if address == nil || !catalog.Hosted(*address) {
		return address
	}
	return linkTo(*address)
}
