import { join } from 'node:path';
import { findTextFile, writeFileAtomically } from '../../lib/files.ts';
import type { Stage } from '../../model/stage.ts';
import { renderReport } from '../../report/html.ts';
import type { UpContext } from '../context.ts';

/** What `up` did, for programs. */
export const renderUpJson = (context: UpContext, stages: readonly Stage[]): string => {
  const { config, cluster, gateway, master, proof, provenAt, notes } = context;
  return `${JSON.stringify({ instance: config.name, cluster, gateway, master, proof, provenAt, notes, stages }, null, 2)}\n`;
};

/** report.json and report.html in the instance's folder, also of a run that failed; nothing where there is no folder. */
export const writeReports = async (context: UpContext, stages: readonly Stage[]): Promise<void> => {
  const { config, instance, startedAt, proof } = context;
  if (!instance || (await findTextFile(join(instance.dir, 'instance.json'))) === undefined) return;
  const html = renderReport({
    title: `taskgate up: ${config.name}`,
    subtitle: `${startedAt.toISOString()}, ${process.platform} ${process.arch}`,
    stages,
    hops: proof?.hops ?? [],
    tables: [],
  });
  await Promise.all([
    writeFileAtomically(join(instance.dir, 'report.json'), renderUpJson(context, stages)),
    writeFileAtomically(join(instance.dir, 'report.html'), html),
  ]);
};
