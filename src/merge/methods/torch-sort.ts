/**
 * The order in which PyTorch's `argsort` puts values on a CPU. It is not stable: which of two equal values comes first follows
 * from the algorithm, the introsort of libstdc++'s `std::sort` (median-of-three quicksort down to 16 elements, heapsort where
 * that degenerates, one insertion sort at the end). BF16 has many equal values, so methods that keep the k largest need it.
 * Found by comparison with mergekit's vectors, which are the same with and without vector instructions.
 */
export type Direction = "ascending" | "descending";

/** Ranges of this size or less are left to the insertion sort: `std::sort`'s, and `std::nth_element`'s. */
const SMALL = 16;
const SMALL_TO_SELECT = 3;

/** PyTorch's `topk` of so small a part goes through the values once, with a heap of the largest so far. */
const HEAP_PART = 1 / 64;

/** The indexes of values in PyTorch's order. */
export function torchArgsort(values: Float32Array, direction: Direction): Uint32Array {
  const items = new SortedItems(values, direction);
  items.sort();
  return items.indexes;
}

/** Marks with 1 the values that are among the first `count` in PyTorch's order. Takes linear time: only what is at the border is sorted. */
export function markFirst(values: Float32Array, count: number, direction: Direction): Uint8Array {
  const marks = new Uint8Array(values.length);
  if (count <= 0) return marks;
  if (count >= values.length) return marks.fill(1);
  const items = new SortedItems(values, direction);
  items.select(count);
  for (const index of items.indexes.subarray(0, count)) marks[index] = 1;
  return marks;
}

/** Marks with 1 the `count` largest values, those that PyTorch's `topk` takes. */
export function markLargest(values: Float32Array, count: number): Uint8Array {
  const marks = new Uint8Array(values.length);
  if (count <= 0) return marks;
  const items = new SortedItems(values, "descending");
  if (count <= values.length * HEAP_PART) items.heapSelect(count);
  else items.nthElement(count - 1);
  for (const index of items.indexes.subarray(0, count)) marks[index] = 1;
  return marks;
}

/** Values and their indexes, sorted together, the largest key first. */
class SortedItems {
  readonly indexes: Uint32Array;
  readonly #keys: Float32Array;

  constructor(values: Float32Array, direction: Direction) {
    this.#keys = direction === "descending" ? values.slice() : values.map((value) => -value);
    this.indexes = Uint32Array.from(values, (_, index) => index);
  }

  sort(): void {
    const { length } = this.#keys;
    this.#introsort(0, length, depthLimit(length), undefined);
    this.#insertionSort(0, length);
  }

  /** Puts in front what `sort` would, and leaves the other ranges unsorted. */
  select(border: number): void {
    const [first, last] = this.#introsort(0, this.#keys.length, depthLimit(this.#keys.length), border);
    this.#insertionSort(first, last);
  }

  /** Puts the item of the rank `nth` at its place and the items before it in front, as `std::nth_element` does. */
  nthElement(nth: number): void {
    const { length } = this.#keys;
    const [first, last] = this.#introsort(0, length, depthLimit(length), nth + 1, SMALL_TO_SELECT);
    this.#insertionSort(first, last);
  }

  /** Puts the first `count` items in front, in no order, as `std::partial_sort` does. */
  heapSelect(count: number): void {
    this.#makeHeap(0, count);
    for (let i = count; i < this.#keys.length; i++) {
      if (!this.#before(i, 0)) continue;
      const key = this.#keyAt(i);
      const index = this.#indexAt(i);
      this.#move(0, i);
      this.#siftDown(0, 0, count, key, index);
    }
  }

  /** @returns the range that holds the border, not yet sorted; the whole range without a border */
  #introsort(
    first: number,
    last: number,
    depth: number,
    border: number | undefined,
    small: number = SMALL,
  ): [number, number] {
    const start = first;
    let end = last;
    let low = first;
    let left = depth;
    while (end - low > small) {
      if (left === 0) {
        this.#heapSort(low, end);
        return border === undefined ? [start, last] : [low, end];
      }
      left--;
      this.#medianToFirst(low, low + 1, low + ((end - low) >> 1), end - 1);
      const cut = this.#partition(low + 1, end, low);
      if (border === undefined) {
        this.#introsort(cut, end, left, undefined);
        end = cut;
      } else if (border >= cut) low = cut;
      else end = cut;
    }
    return border === undefined ? [start, last] : [low, end];
  }

  #medianToFirst(result: number, a: number, b: number, c: number): void {
    if (this.#before(a, b)) {
      if (this.#before(b, c)) this.#swap(result, b);
      else this.#swap(result, this.#before(a, c) ? c : a);
    } else if (this.#before(a, c)) this.#swap(result, a);
    else this.#swap(result, this.#before(b, c) ? c : b);
  }

  #partition(from: number, to: number, pivot: number): number {
    let first = from;
    let last = to;
    for (;;) {
      while (this.#before(first, pivot)) first++;
      last--;
      while (this.#before(pivot, last)) last--;
      if (first >= last) return first;
      this.#swap(first, last);
      first++;
    }
  }

  #insertionSort(first: number, last: number): void {
    for (let i = first + 1; i < last; i++) {
      const key = this.#keyAt(i);
      const index = this.#indexAt(i);
      let hole = i;
      while (hole > first && key > this.#keyAt(hole - 1)) this.#move(hole - 1, hole--);
      this.#put(hole, key, index);
    }
  }

  #heapSort(first: number, last: number): void {
    const length = last - first;
    this.#makeHeap(first, length);
    for (let end = length - 1; end > 0; end--) {
      const key = this.#keyAt(first + end);
      const index = this.#indexAt(first + end);
      this.#move(first, first + end);
      this.#siftDown(first, 0, end, key, index);
    }
  }

  #makeHeap(first: number, length: number): void {
    for (let parent = (length - 2) >> 1; parent >= 0; parent--) {
      this.#siftDown(first, parent, length, this.#keyAt(first + parent), this.#indexAt(first + parent));
    }
  }

  /** libstdc++'s `__adjust_heap`: the hole goes down to a leaf, and the item up from there. */
  #siftDown(first: number, top: number, length: number, key: number, index: number): void {
    let hole = top;
    let child = top;
    while (child < (length - 1) >> 1) {
      child = 2 * (child + 1);
      if (this.#before(first + child, first + child - 1)) child--;
      this.#move(first + child, first + hole);
      hole = child;
    }
    if (length % 2 === 0 && child === (length - 2) >> 1) {
      child = 2 * child + 1;
      this.#move(first + child, first + hole);
      hole = child;
    }
    for (let parent = (hole - 1) >> 1; hole > top && this.#keyAt(first + parent) > key; parent = (hole - 1) >> 1) {
      this.#move(first + parent, first + hole);
      hole = parent;
    }
    this.#put(first + hole, key, index);
  }

  #before(a: number, b: number): boolean {
    return this.#keyAt(a) > this.#keyAt(b);
  }

  #swap(a: number, b: number): void {
    const key = this.#keyAt(a);
    const index = this.#indexAt(a);
    this.#move(b, a);
    this.#put(b, key, index);
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#keyAt(from), this.#indexAt(from));
  }

  #put(at: number, key: number, index: number): void {
    this.#keys[at] = key;
    this.indexes[at] = index;
  }

  #keyAt(at: number): number {
    return this.#keys[at] ?? 0;
  }

  #indexAt(at: number): number {
    return this.indexes[at] ?? 0;
  }
}

function depthLimit(length: number): number {
  return 2 * (31 - Math.clz32(length));
}
