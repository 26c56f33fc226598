"""Programs that Debian's, Ubuntu's and Alpine's smallest images have from the beginning, as far as an image is started with one."""

UTILITIES = frozenset(
    (
        *("sh", "bash", "dash", "ash", "env", "exec", "command", "eval", "source", ".", ":", "true", "false", "test"),
        *("[", "nice", "nohup", "time", "timeout", "stdbuf", "setsid", "chroot", "chrt", "taskset", "ionice"),
        *("flock", "sleep", "tail", "head", "cat", "echo", "printf", "yes", "date", "ls", "id", "whoami", "hostname"),
        *("pwd", "printenv", "cp", "mv", "ln", "mkdir", "mktemp", "rm", "rmdir", "chmod", "chown", "chgrp"),
        *("install", "find", "xargs", "grep", "egrep", "sed", "awk", "mawk", "tar", "gzip", "gunzip", "perl", "su"),
        *("runuser", "setpriv", "login", "mount", "umount", "kill", "dd", "tee", "sort", "uniq", "wc", "cut", "tr"),
        *("seq", "stat", "touch", "df", "du", "uname", "sync", "tty", "stty", "base64", "md5sum", "sha256sum"),
        *("dirname", "basename", "readlink", "realpath", "expr", "factor", "od", "split", "comm", "join", "paste"),
        *("fold", "nproc", "arch", "diff", "cmp", "which", "getent", "ldd", "ldconfig", "locale", "iconv", "agetty"),
        *("getty", "init", "wait", "trap", "set", "cd", "apt", "apt-get", "apt-cache", "dpkg", "apk"),
        *("update-ca-certificates", "useradd", "groupadd", "usermod", "adduser", "addgroup", "passwd", "chpasswd"),
        *("newgrp", "crond", "crontab", "httpd", "nc", "wget", "ping", "ps", "top", "watch", "vi", "less", "more"),
        *("busybox", "syslogd", "ntpd", "udhcpc", "ip", "ifconfig", "netstat", "export", "unset", "read", "exit"),
        *("return", "shift", "ulimit", "umask", "hash", "type", "free", "uptime"),
    )
)
