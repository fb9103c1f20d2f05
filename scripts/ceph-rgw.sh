#!/usr/bin/env bash
# A one-node Ceph RGW, a production S3 server, on loopback and in memory. Its Debian packages:
#   ceph-mon ceph-osd ceph-mgr radosgw ceph-common   (with --no-install-recommends)
#
#   ceph-rgw.sh start FOLDER PORT MON_PORT   a fresh, absolute and short folder; up in about 12 s
#   ceph-rgw.sh user  FOLDER NAME ACCESS_KEY  adds a user; its secret key is read from standard input
#   ceph-rgw.sh stop  FOLDER                  ends what `start` started, by pid, and removes the folder
#
# Several can run beside each other: all sockets, logs and pid files are inside the folder, the two ports are the
# caller's, and the OSD takes whatever the kernel has free.
set -euo pipefail

action=${1:?start, user or stop}
folder=${2:?a folder}
conf=$folder/ceph.conf

write_conf() {
  cat >"$conf" <<CONF
[global]
fsid = $1
mon host = [v1:127.0.0.1:$3]
mon initial members = a
auth cluster required = none
auth service required = none
auth client required = none
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon warn on pool no redundancy = false
mon osd full ratio = 0.99
osd objectstore = memstore
memstore device bytes = 4294967296
run dir = $folder/run
log file = $folder/\$name.log
admin socket = $folder/run/\$name.asok
pid file = $folder/run/\$name.pid
crash dir = $folder/crash
mon data = $folder/mon
osd data = $folder/osd
mgr data = $folder/mgr
ms bind ipv6 = false
ms bind msgr2 = false
public addr = 127.0.0.1
cluster addr = 127.0.0.1
rgw frontends = beast endpoint=127.0.0.1:$2
rgw data = $folder/rgw
rgw thread pool size = 32
CONF
}

start() {
  local port=$1 mon_port=$2 fsid osd try
  if [ -e "$folder/run" ]; then echo "$folder is in use already: stop it first." >&2; exit 1; fi
  mkdir -p "$folder"/{mon,osd,rgw,mgr,run,crash}
  fsid=$(cat /proc/sys/kernel/random/uuid)
  osd=$(cat /proc/sys/kernel/random/uuid)
  write_conf "$fsid" "$port" "$mon_port"
  monmaptool --create --addv a "[v1:127.0.0.1:$mon_port]" --fsid "$fsid" "$folder/monmap" >/dev/null
  ceph-mon --mkfs -i a --monmap "$folder/monmap" -c "$conf"
  ceph-mon -i a -c "$conf"
  timeout 30 ceph -c "$conf" osd create "$osd" >/dev/null
  ceph-osd -i 0 --mkfs --osd-uuid "$osd" -c "$conf"
  # Until it has heard of the cluster's map, an OSD may be refused with "wrong fsid", and ends: it only has to be started again.
  for try in 1 2 3 4 5 6 7 8; do
    if ceph-osd -i 0 -c "$conf"; then break; fi
    [ "$try" -lt 8 ] || exit 1
    sleep 0.5
  done
  # The gateway makes its pools before it goes into the background; a busy host may need a while.
  timeout 120 radosgw -n client.rgw -c "$conf"
  for _ in $(seq 240); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then return 0; fi
    sleep 0.25
  done
  echo "The gateway does not listen on port $port after 60 s; its log is $folder/client.rgw.log." >&2
  exit 1
}

# The secret key comes by standard input, so it is no argument of ours; radosgw-admin offers no other way in than its
# own arguments, which is why only throwaway users of throwaway servers are made here.
add_user() {
  local name=$1 access=$2 secret
  IFS= read -r secret
  timeout 120 radosgw-admin -c "$conf" user create --uid "$name" --display-name "$name" \
    --access-key "$access" --secret-key "$secret" >/dev/null
}

# A pid file outlives its process, so a pid is signalled only when the process still names this folder.
ours() { [ -r "/proc/$1/cmdline" ] && tr '\0' ' ' <"/proc/$1/cmdline" | grep -qF -- "$conf"; }

stop() {
  local file pid pids=""
  for file in "$folder"/run/*.pid; do
    [ -e "$file" ] || continue
    pid=$(cat "$file")
    if [ -n "$pid" ] && ours "$pid"; then pids="$pids $pid"; fi
  done
  # Everything is in memory and thrown away, so there is nothing to end gently.
  for pid in $pids; do kill -KILL "$pid" 2>/dev/null || true; done
  for pid in $pids; do
    for _ in $(seq 100); do
      if ! ours "$pid"; then break; fi
      sleep 0.05
    done
  done
  rm -rf -- "$folder"
}

case $action in
  start) start "${3:?port}" "${4:?monitor port}" ;;
  user) add_user "${3:?name}" "${4:?access key}" ;;
  stop) stop ;;
  *) echo "Say start, user or stop." >&2; exit 2 ;;
esac
