export { asFastAsPossible, fixedRate, type Load, percentile, type Target } from '@vexa/shared/testing/load';
