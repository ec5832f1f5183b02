/**
 * The order in which PyTorch's `argsort` and `topk` put values on a CPU. It is not stable: which of two equal values comes
 * first follows from the algorithm, the introsort of libstdc++'s `std::sort` (median-of-three quicksort down to 16 elements,
 * heapsort where that degenerates, one insertion sort at the end). BF16 has many equal values, so methods that keep the k
 * largest need it. Found by comparison with mergekit's vectors, which are the same with and without vector instructions.
 */

/** Whole numbers that are ordered as the values are: what is to come first has the largest. */
export type SortKeys = Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

/** Ranges of this size or less are left to the insertion sort: `std::sort`'s, and `std::nth_element`'s. */
const SMALL = 16;
const SMALL_TO_SELECT = 3;

/** PyTorch's `topk` of so small a part goes through the values once, with a heap of the largest so far. */
const HEAP_PART = 1 / 64;

/** The indexes of keys in PyTorch's order. The keys are sorted on the way. */
export function torchArgsort(keys: SortKeys): Uint32Array {
  const items = new SortedItems(keys);
  items.sort();
  return items.indexes;
}

/**
 * The indexes of the keys that are the first `count` in PyTorch's order, in no order. Takes linear time: only what is at the
 * border is sorted. The keys are put into another order on the way.
 */
export function firstIndexes(keys: SortKeys, count: number): Uint32Array {
  const items = new SortedItems(keys);
  if (count > 0 && count < keys.length) items.select(count);
  return items.indexes.subarray(0, Math.max(0, count));
}

/** The indexes of the `count` largest keys that PyTorch's `topk` takes, in no order. The keys are put into another order. */
export function largestIndexes(keys: SortKeys, count: number): Uint32Array {
  const items = new SortedItems(keys);
  if (count > 0) {
    if (count <= keys.length * HEAP_PART) items.heapSelect(count);
    else items.nthElement(count - 1);
  }
  return items.indexes.subarray(0, Math.max(0, count));
}

/** Keys and their indexes, sorted together, the largest key first. */
class SortedItems {
  readonly indexes: Uint32Array;
  readonly #keys: SortKeys;

  constructor(keys: SortKeys) {
    this.#keys = keys;
    this.indexes = new Uint32Array(keys.length);
    for (let i = 0; i < keys.length; i++) this.indexes[i] = i;
  }

  sort(): void {
    const { length } = this.#keys;
    this.#introsort(0, length, depthLimit(length));
    insertionSort(this.#keys, this.indexes, 0, length);
  }

  /** Puts in front what `sort` would, and leaves the other ranges unsorted. */
  select(border: number): void {
    const [first, last] = this.#narrow(border, SMALL);
    insertionSort(this.#keys, this.indexes, first, last);
  }

  /** Puts the item of the rank `nth` at its place and the items before it in front, as `std::nth_element` does. */
  nthElement(nth: number): void {
    const [first, last] = this.#narrow(nth + 1, SMALL_TO_SELECT);
    insertionSort(this.#keys, this.indexes, first, last);
  }

  /** Puts the first `count` items in front, in no order, as `std::partial_sort` does. */
  heapSelect(count: number): void {
    const [keys, indexes] = [this.#keys, this.indexes];
    makeHeap(keys, indexes, 0, count);
    for (let i = count; i < keys.length; i++) {
      const key = keys[i] ?? 0;
      if (key <= (keys[0] ?? 0)) continue;
      const index = indexes[i] ?? 0;
      keys[i] = keys[0] ?? 0;
      indexes[i] = indexes[0] ?? 0;
      siftDown(keys, indexes, 0, { top: 0, length: count, key, index });
    }
  }

  #introsort(first: number, last: number, depth: number): void {
    let end = last;
    for (let left = depth; end - first > SMALL; left--) {
      if (left === 0) {
        heapSort(this.#keys, this.indexes, first, end);
        return;
      }
      const cut = partition(this.#keys, this.indexes, first, end);
      this.#introsort(cut, end, left - 1);
      end = cut;
    }
  }

  /** Partitions around the border until the range that holds it is small; @returns the range, not yet sorted */
  #narrow(border: number, small: number): [first: number, last: number] {
    const { length } = this.#keys;
    let first = 0;
    let last = length;
    for (let left = depthLimit(length); last - first > small; left--) {
      if (left === 0) {
        heapSort(this.#keys, this.indexes, first, last);
        break;
      }
      const cut = partition(this.#keys, this.indexes, first, last);
      if (border >= cut) first = cut;
      else last = cut;
    }
    return [first, last];
  }
}

function depthLimit(length: number): number {
  return 2 * (31 - Math.clz32(length));
}

/** Puts the median of three in front and what comes before it to the left; @returns where the right part begins */
function partition(keys: SortKeys, indexes: Uint32Array, start: number, end: number): number {
  medianToFirst(keys, indexes, start, end);
  const pivot = keys[start] ?? 0;
  let first = start + 1;
  let last = end;
  for (;;) {
    while ((keys[first] ?? 0) > pivot) first++;
    last--;
    while (pivot > (keys[last] ?? 0)) last--;
    if (first >= last) return first;
    swap(keys, indexes, first, last);
    first++;
  }
}

function medianToFirst(keys: SortKeys, indexes: Uint32Array, start: number, end: number): void {
  const [a, b, c] = [start + 1, start + ((end - start) >> 1), end - 1];
  const [keyA, keyB, keyC] = [keys[a] ?? 0, keys[b] ?? 0, keys[c] ?? 0];
  let median = a;
  if (keyA > keyB) {
    if (keyB > keyC) median = b;
    else if (keyA > keyC) median = c;
  } else if (keyA <= keyC) median = keyB > keyC ? c : b;
  swap(keys, indexes, start, median);
}

function swap(keys: SortKeys, indexes: Uint32Array, a: number, b: number): void {
  const key = keys[a] ?? 0;
  const index = indexes[a] ?? 0;
  keys[a] = keys[b] ?? 0;
  indexes[a] = indexes[b] ?? 0;
  keys[b] = key;
  indexes[b] = index;
}

function insertionSort(keys: SortKeys, indexes: Uint32Array, first: number, last: number): void {
  for (let i = first + 1; i < last; i++) {
    const key = keys[i] ?? 0;
    const index = indexes[i] ?? 0;
    let hole = i;
    while (hole > first && key > (keys[hole - 1] ?? 0)) {
      keys[hole] = keys[hole - 1] ?? 0;
      indexes[hole] = indexes[hole - 1] ?? 0;
      hole--;
    }
    keys[hole] = key;
    indexes[hole] = index;
  }
}

function heapSort(keys: SortKeys, indexes: Uint32Array, first: number, last: number): void {
  const length = last - first;
  makeHeap(keys, indexes, first, length);
  for (let end = length - 1; end > 0; end--) {
    const key = keys[first + end] ?? 0;
    const index = indexes[first + end] ?? 0;
    keys[first + end] = keys[first] ?? 0;
    indexes[first + end] = indexes[first] ?? 0;
    siftDown(keys, indexes, first, { top: 0, length: end, key, index });
  }
}

function makeHeap(keys: SortKeys, indexes: Uint32Array, first: number, length: number): void {
  for (let top = (length - 2) >> 1; top >= 0; top--) {
    siftDown(keys, indexes, first, { top, length, key: keys[first + top] ?? 0, index: indexes[first + top] ?? 0 });
  }
}

/** libstdc++'s `__adjust_heap`: the hole goes down to a leaf, and the item up from there. */
function siftDown(
  keys: SortKeys,
  indexes: Uint32Array,
  first: number,
  { top, length, key, index }: { top: number; length: number; key: number; index: number },
): void {
  let hole = first + top;
  for (let child = 2 * top + 2; child <= length; child = 2 * (hole - first) + 2) {
    // The right one of two, if there is one, unless the left one comes later.
    const right = first + child;
    const from = child === length || (keys[right] ?? 0) > (keys[right - 1] ?? 0) ? right - 1 : right;
    keys[hole] = keys[from] ?? 0;
    indexes[hole] = indexes[from] ?? 0;
    hole = from;
  }
  while (hole > first + top) {
    const parent = first + ((hole - first - 1) >> 1);
    if ((keys[parent] ?? 0) <= key) break;
    keys[hole] = keys[parent] ?? 0;
    indexes[hole] = indexes[parent] ?? 0;
    hole = parent;
  }
  keys[hole] = key;
  indexes[hole] = index;
}
