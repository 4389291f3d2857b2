#!/bin/sh
# A harvester in shell for Grenier (contract grenier-harvest/1, docs/harvesting.md).
#
# The source is the address of a text file. Each line of it is a dataset: an
# identifier, a title and the address of a file, with a tab between them.
#
# In grenier.toml:
#
#   [harvest.external.textlist]
#   command = ["/opt/harvesters/harvester.sh"]
#
# then: grenier harvest create textlist https://example.org/list.txt "A list"
set -eu

# The request is one line of JSON on the standard input.
read -r request

case $request in
*'"op":"describe"'*)
	echo '{"id":"textlist","label":"Text list","filters":[],"features":[],"extra_configs":[],"incremental":false,"resumable":false}'
	exit 0
	;;
esac

# The address of the source. Real work is better done with jq: `jq -r .source.url`.
address=$(printf '%s' "$request" | sed 's/.*"url":"\([^"]*\)".*/\1/; s/\\u0026/\&/g')

# What is written to the standard error is kept in the log of the job.
echo "reading $address" >&2
curl --fail --silent --show-error --location --max-time 300 --output list.txt "$address"

# One line of JSON for each dataset. Characters that JSON gives a meaning are escaped.
awk -F '\t' '
	function text(value) {
		gsub(/\\/, "\\\\\\\\", value); gsub(/"/, "\\\\\"", value); gsub(/[\001-\037]/, " ", value)
		return "\"" value "\""
	}
	/^[ \t\r]*$/ { next }
	$1 == "" || $2 == "" {
		printf "{\"t\":\"error\",\"remote_id\":%s,\"message\":\"line %d has no identifier or no title\"}\n", text($1 == "" ? "line " NR : $1), NR
		next
	}
	{
		sub(/\r$/, "", $NF)
		printf "{\"t\":\"dataset\",\"remote_id\":%s,\"data\":{\"title\":%s,\"resources\":[", text($1), text($2)
		if ($3 != "") printf "{\"title\":%s,\"url\":%s}", text($2), text($3)
		print "]}}"
	}
' list.txt

# The last line says that nothing was left out; without it the job fails, and
# nothing is taken for removed.
echo '{"t":"end","complete":true}'
