package api

import "grenier/internal/catalog"

// imageRoutes take pictures: logos, avatars, images of reuses.
func (a *API) imageRoutes() {}

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
