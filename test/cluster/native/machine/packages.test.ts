import { expect, test } from 'vitest';
import { installHint } from '../../../../src/cluster/native/machine/packages.ts';

test.each([
  ['ID=debian', 'ip', 'install the package iproute2: apt-get install iproute2'],
  ['ID=linuxmint\nID_LIKE="ubuntu debian"', 'mount', 'install the package mount: apt-get install mount'],
  ['ID="rocky"\nID_LIKE="rhel centos fedora"', 'ip', 'install the package iproute: dnf install iproute'],
  ['ID=fedora', 'mount', 'install the package util-linux: dnf install util-linux'],
  ['ID=alpine', 'setpriv', 'install the package util-linux: apk add util-linux'],
  ['ID="opensuse-leap"\nID_LIKE="suse opensuse"', 'ip', 'install the package iproute2: zypper install iproute2'],
  ['ID=manjaro\nID_LIKE=arch', 'cp', 'install the package coreutils: pacman -S coreutils'],
  ['ID=nixos', 'ip', 'install the package iproute2: nix-env -f "<nixpkgs>" -iA iproute2'],
  ['ID=gentoo', 'ip', 'install the package iproute2'],
  ['', 'ip', 'install the package iproute2'],
])('%j, %s: %s', (osRelease, tool, hint) => {
  expect(installHint(tool, osRelease)).toBe(hint);
});
