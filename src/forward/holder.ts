import { describeUser } from '../lib/process/port-holder.ts';
import { listTcpSockets, type TcpSocket } from '../lib/process/sockets.ts';

const anyAddress = /^0+$/;

/** An IPv4 address as /proc/net/tcp has it on the processors that taskgate supports, which are little-endian. */
const kernelForm = (address: string): string =>
  address
    .split('.')
    .toReversed()
    .map((byte) => Number(byte).toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase();

/** Uids of those who listen on the port in a way that excludes a listener on the IPv4 address. */
export const findHolders = (sockets: readonly TcpSocket[], address: string, port: number): readonly number[] => {
  const own = kernelForm(address);
  const excludes = (other: string): boolean => anyAddress.test(own) || anyAddress.test(other) || other.endsWith(own);
  const found = sockets.filter((one) => one.isListening && one.port === port && excludes(one.address));
  return [...new Set(found.map(({ uid }) => uid))];
};

/** Another user who holds a port, in words; undefined where it is this user, or nobody can be found. */
export const findStranger = async (
  address: string,
  port: number,
  ownUid = process.getuid?.(),
): Promise<string | undefined> => {
  const holders = findHolders(await listTcpSockets(), address, port);
  const stranger = holders.find((uid) => uid !== ownUid);
  return stranger === undefined ? undefined : describeUser(stranger);
};
