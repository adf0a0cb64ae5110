# Makes traderd.toml(5) from the commented configuration, which is its only source: comments become text,
# each key becomes a term with its default, each table a section.
BEGIN {
    printf ".TH traderd.toml 5 \"\" \"traderd %s\" traderd\n", version
    print ".SH NAME\ntraderd.toml \\- configuration of the trading daemon"
    print ".SH SYNOPSIS\n.nf\n/etc/traderd/traderd.toml\n/etc/traderd/conf.d/*.toml\n.fi"
    print ".SH DESCRIPTION"
}
function plain(s) { gsub(/\\/, "\\e", s); gsub(/-/, "\\-", s); sub(/^[.']/, "\\\\\\&&", s); return s }
function told(    i) { for (i = 1; i <= lines; i++) print plain(text[i]); lines = 0 }
# A comment that holds a key is one without a default.
/^#[a-z_]+ = / || /^[a-z_]+ = / {
    unset = sub(/^#/, "")
    split($0, part, " = ")
    print ".TP\n.B " plain(part[1]) (unset ? "" : "\n(default " plain(substr($0, length(part[1]) + 4)) ")")
    if (unset) print "(for example " plain(substr($0, length(part[1]) + 4)) ")"
    held[++keys] = 1
    told()
    next
}
/^#?\[/ { told(); sub(/^#/, ""); print ".SH " toupper(substr($0, 1)); next }
/^#$/ { told(); print ".PP"; next }
/^# / { text[++lines] = substr($0, 3); next }
/^$/ { told(); print ".PP"; next }
END {
    told()
    print ".SH SEE ALSO\n.BR traderd (8),\n.BR traderctl (1)"
}
