import { readFile, readlink } from 'node:fs/promises';

/** A row of /proc/net/tcp or tcp6 (proc(5)): ports as numbers, addresses as the kernel's hexadecimal words. */
export type TcpSocket = {
  readonly address: string;
  readonly port: number;
  readonly peerPort: number;
  readonly isListening: boolean;
  readonly uid: number;
  readonly inode: number;
};

const listenState = '0A';

/** `0100007F:4E20`; undefined for a place of another form. */
const parsePlace = (text: string): { readonly address: string; readonly port: number } | undefined => {
  const [, address = '', port = ''] = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(text) ?? [];
  return port === '' ? undefined : { address, port: Number.parseInt(port, 16) };
};

/** Reads the text of /proc/net/tcp or tcp6; a row of another form is left out. */
export const parseTcpSockets = (text: string): readonly TcpSocket[] =>
  text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local = '', peer = '', state, , , , uid, , inode = ''] = line.trim().split(/\s+/);
      const [own, other] = [parsePlace(local), parsePlace(peer)];
      if (!own || !other || !/^\d+$/.test(inode)) return [];
      const isListening = state === listenState;
      return [{ ...own, peerPort: other.port, isListening, uid: Number(uid), inode: Number(inode) }];
    });

/** All TCP sockets of this network namespace; none on a system without /proc. */
export const listTcpSockets = async (): Promise<readonly TcpSocket[]> => {
  const texts = await Promise.all(['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')));
  return texts.flatMap(parseTcpSockets);
};

/** The inode of the socket that a process has under this number; undefined if there is none, or it may not be read. */
export const findSocketInode = async (pid: number, descriptor: number): Promise<number | undefined> => {
  const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '');
  const [, inode] = /^socket:\[(\d+)\]$/.exec(target) ?? [];
  return inode === undefined ? undefined : Number(inode);
};
