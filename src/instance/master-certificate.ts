import { rm } from 'node:fs/promises';
import { type Issued, isGoodFor, issueCertificate, makeAuthority } from '../lib/certificates.ts';
import { findTextFile, writeFileAtomically } from '../lib/files.ts';
import type { Instance } from './instance.ts';
import { instancePaths } from './paths.ts';

const authorityDays = 3_650;
/** A year is what most clients accept of a server's certificate. */
const serverDays = 365;
const renewalDays = 30;

type Folder = Pick<Instance, 'dir' | 'record'>;

const readPair = async (certificatePath: string, keyPath: string): Promise<Issued | undefined> => {
  const [certificate, key] = await Promise.all([findTextFile(certificatePath), findTextFile(keyPath)]);
  return certificate && key ? { certificate, key } : undefined;
};

const writePair = async ({ certificate, key }: Issued, certificatePath: string, keyPath: string): Promise<void> => {
  await writeFileAtomically(keyPath, key);
  await writeFileAtomically(certificatePath, certificate);
};

/** The instance's own authority, made once: what running tasks trust must not change. */
const ensureAuthority = async ({ dir, record }: Folder): Promise<Issued> => {
  const { masterAuthorityPath, masterAuthorityKeyPath } = instancePaths(dir);
  const kept = await readPair(masterAuthorityPath, masterAuthorityKeyPath);
  if (kept) return kept;
  const made = await makeAuthority(`taskgate ${record().name}`, authorityDays);
  await writePair(made, masterAuthorityPath, masterAuthorityKeyPath);
  return made;
};

/**
 * The certificate by which the master shows itself to tasks, good for `hosts`; the authority's follows it in the file, for
 * the master hands that file to its tasks as what they trust. Issued again when a host is new, its time is nearly over, or
 * the key is of another one: the two files are not written at once.
 */
export const ensureMasterCertificate = async (instance: Folder, hosts: readonly string[]): Promise<void> => {
  const { masterCertificatePath, masterKeyPath } = instancePaths(instance.dir);
  const authority = await ensureAuthority(instance);
  const kept = await readPair(masterCertificatePath, masterKeyPath);
  if (kept && isGoodFor(kept, authority.certificate, { hosts, days: renewalDays })) return;
  const name = `master of ${instance.record().name}`;
  const issued = await issueCertificate(authority, { name, hosts, days: serverDays });
  const certificate = issued.certificate + authority.certificate;
  await writePair({ ...issued, certificate }, masterCertificatePath, masterKeyPath);
};

/** Removes authority and certificate of an instance whose master has its own, or none. */
export const removeMasterCertificate = async ({ dir }: Pick<Instance, 'dir'>): Promise<void> => {
  const { masterAuthorityPath, masterAuthorityKeyPath, masterCertificatePath, masterKeyPath } = instancePaths(dir);
  const paths = [masterAuthorityPath, masterAuthorityKeyPath, masterCertificatePath, masterKeyPath];
  await Promise.all(paths.map((path) => rm(path, { force: true })));
};

/** The authority that tasks trust, and the master's certificate; undefined where the instance has none. */
export const findMasterTls = async ({ dir }: Pick<Instance, 'dir'>) => {
  const { masterAuthorityPath, masterCertificatePath, masterKeyPath } = instancePaths(dir);
  const [authority, certificate] = await Promise.all([
    findTextFile(masterAuthorityPath),
    readPair(masterCertificatePath, masterKeyPath),
  ]);
  return authority && certificate ? { authority, certificate } : undefined;
};
