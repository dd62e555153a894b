import { echo } from 'zx';
import { provePackage } from '../package/prove.ts';

await provePackage(echo);
