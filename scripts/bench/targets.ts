import type { ReportTable } from '../../src/report/html.ts';
import { type PartName, partNames } from './parts.ts';
import type { Measurements } from './results.ts';
import type { Line, Measured } from './target-line.ts';
import { lifecycleLines, listenerLines, trafficLines } from './targets-native.ts';
import { forwardLines, minikubeLines, sshLines } from './targets-outside.ts';

const lines: Readonly<Record<PartName, readonly Line[]>> = {
  lifecycle: lifecycleLines,
  listeners: listenerLines,
  traffic: trafficLines,
  ssh: sshLines,
  forward: forwardLines,
  minikube: minikubeLines,
};

const verdictOf = ({ ok }: Measured): string => (ok === undefined ? '' : ok ? 'ok' : 'miss');

/** Targets of these parts beside what was measured: medians, and how far the samples lie apart. */
export const targetTable = (measurements: Measurements, parts: readonly PartName[] = partNames): ReportTable => ({
  title: 'Targets',
  columns: ['what', 'target', 'median', '', 'spread'],
  rows: parts
    .flatMap((part) => lines[part])
    .map(({ title, target, measure }) => {
      const measured = measure(measurements);
      if (!measured) return [title, target, 'not measured', '', ''];
      return [title, target, measured.value, verdictOf(measured), measured.spread];
    }),
});
