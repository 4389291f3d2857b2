package portal

import (
	"net/url"

	"grenier/internal/account"
	"grenier/internal/catalog"
)

// keeping is what who may change an object finds on its public page. It is empty
// for others, so that no answer kept for everybody holds any of it.
type keeping struct {
	// Edit leads to where the object is changed; empty for who may not.
	Edit string
	// Draft says who sees a page that is not public; empty on public ones.
	Draft string
	// Publish posts what makes a draft public, Prepare leads to where that is
	// done; at most one is set.
	Publish button
	Prepare string
}

// keepable is an object with a public page.
type keepable struct {
	owner account.Owner
	// edit is where it is changed, publish the form that makes it public with the
	// name and the value of its field, prepare the page that does. All are paths.
	edit, publish, prepare string
	pair                   []string
	// may tells that the viewer may change it; draft that it is not public.
	may, draft bool
}

// keepingOf says what the viewer may do with the object of a page.
func (v *visit) keepingOf(o keepable) keeping {
	var k keeping
	if v.viewer.User == nil {
		return k
	}
	if o.draft {
		k.Draft = v.draftFor(o.owner)
	}
	if !o.may || !v.p.showsAdmin(o.edit) {
		return k
	}
	k.Edit = v.path(o.edit)
	switch {
	case !o.draft:
	case o.prepare != "":
		k.Prepare = v.path(o.prepare)
	default:
		k.Publish = v.button(o.publish, "keeping.publish", "eye", o.pair...)
		k.Publish.Tone = "primary"
	}
	return k
}

// draftFor says who sees a draft.
func (v *visit) draftFor(o account.Owner) string {
	switch {
	case o.Organization != "":
		return v.say.T("keeping.draft-organization")
	case o.User == v.viewer.UserID():
		return v.say.T("keeping.draft-own")
	case o.User != "":
		return v.say.T("keeping.draft-other")
	}
	return v.say.T("keeping.draft-site")
}

// keepingOwned is keepingOf for an object that has an owner, kept below
// /admin/<base>/.
func (v *visit) keepingOwned(base, id string, o account.Owner, private, deleted bool) keeping {
	path := "/admin/" + base + "/" + url.PathEscape(id)
	k := keepable{owner: o, edit: path, may: v.viewer.MayEdit(o, id), draft: private && !deleted}
	if base == "datasets" {
		k.prepare = adminDatasetPath(id, "publish")
	} else {
		k.publish, k.pair = path+"/visibility", []string{"private", "false"}
	}
	return v.keepingOf(k)
}

// keepingPost is keepingOf for a post.
func (v *visit) keepingPost(post *catalog.Post) keeping {
	return v.keepingOf(keepable{
		edit: postPath(post.ID), publish: postPath(post.ID) + "/publish", may: v.viewer.Admin(), draft: post.PublishedAt.IsZero(),
	})
}

// editFile leads who may change a file to where that is done; it is empty for
// others.
func (v *visit) editFile(d *catalog.Dataset, r *catalog.Resource) string {
	switch {
	case v.viewer.User == nil:
		return ""
	case r.Community && v.viewer.May(account.EditCommunity, r.OwnedBy(), r.ID):
		return v.path(communityPath(r.ID))
	case !r.Community && v.viewer.MayEdit(d.OwnedBy(), d.ID):
		return v.path(resourcePath(d.ID, r.ID))
	}
	return ""
}

// editUser leads people to their own profile, and administrators to that of
// others; it is empty for everybody else.
func (v *visit) editUser(id string) string {
	switch {
	case v.viewer.User == nil:
		return ""
	case v.viewer.UserID() == id:
		return v.path("/admin/me/profile")
	case v.viewer.Admin():
		return v.path(usersPath + "/" + url.PathEscape(id))
	}
	return ""
}
