// Attention of whole texts, forward and backward, in bfloat16 with sums in float32: equation 1 of
// "Attention is all you need", whose weights never lie in memory as a whole (FlashAttention-2: Dao
// 2023, arXiv:2307.08691).
//
// What a text gets depends neither on other texts nor on the number of threads, bit for bit.

#include "products.h"

// `fledge.native.attention` fills these structures; torch's attention is the oracle of its tests.

// Rows of bfloat16, one for each position of a head; strides in numbers, neighbours in a row side by side.
struct Rows {
    uint16_t* at;
    int64_t batch, head, position;

    uint16_t* of(int64_t b, int64_t h) const { return at + b * batch + h * head; }
};

struct Attention {
    Rows q, k, v, out, gradient_out, gradient_q, gradient_k, gradient_v;
    float* log_sums;      // batch × heads × queries: log2 of the sum of exponentials
    const uint8_t* mask;  // 1 where a query sees a slot; null: causal
    int64_t mask_batch, mask_query;
    int64_t batch, heads, groups, queries, slots, width, threads;
};

#ifdef HAS_BFLOAT16_PRODUCTS
namespace {

constexpr int64_t BLOCK = 48;       // queries at a time: a multiple of the rows of a tile
constexpr int64_t SPAN = 64;        // slots at a time in the backward pass
constexpr int64_t ALIGNMENT = 32;   // slots are padded with zeros to a multiple
constexpr float NOTHING_SEEN = 1e30f;

struct Span {
    int64_t from, to;
};

// Bfloat16 numbers a(m, 2 k) and a(m, 2 k + 1), which lie side by side, of a left factor.
struct Left {
    const uint16_t* at;
    int64_t row, pair;  // strides
};

// Pairs b(2 k, n) and b(2 k + 1, n) of a right factor, row after row of k.
struct Right {
    const uint32_t* at;
    int64_t row;
};

template <int ROWS, int WIDTH>
void tile(Left a, Right b, int64_t pairs, float* c, int64_t c_row, bool adds) {
    __m512 sums[ROWS][WIDTH] = {};
    if (adds)
        for (int m = 0; m < ROWS; ++m)
            for (int n = 0; n < WIDTH; ++n) sums[m][n] = _mm512_loadu_ps(c + m * c_row + n * LANES);
    for (int64_t k = 0; k < pairs; ++k) {
        __m512bh right[WIDTH];
        for (int n = 0; n < WIDTH; ++n)
            right[n] = (__m512bh)_mm512_loadu_si512(b.at + k * b.row + n * LANES);
        for (int m = 0; m < ROWS; ++m) {
            int32_t both;
            std::memcpy(&both, a.at + m * a.row + k * a.pair, sizeof both);
            const __m512bh left = (__m512bh)_mm512_set1_epi32(both);
            for (int n = 0; n < WIDTH; ++n) sums[m][n] = _mm512_dpbf16_ps(sums[m][n], left, right[n]);
        }
    }
    for (int m = 0; m < ROWS; ++m)
        for (int n = 0; n < WIDTH; ++n) _mm512_storeu_ps(c + m * c_row + n * LANES, sums[m][n]);
}

template <int WIDTH>
void columns(Left a, Right b, int64_t rows, int64_t pairs, float* c, int64_t c_row, bool adds) {
    int64_t m = 0;
    for (; m + 6 <= rows; m += 6, a.at += 6 * a.row, c += 6 * c_row) tile<6, WIDTH>(a, b, pairs, c, c_row, adds);
    switch (rows - m) {
        case 5: return tile<5, WIDTH>(a, b, pairs, c, c_row, adds);
        case 4: return tile<4, WIDTH>(a, b, pairs, c, c_row, adds);
        case 3: return tile<3, WIDTH>(a, b, pairs, c, c_row, adds);
        case 2: return tile<2, WIDTH>(a, b, pairs, c, c_row, adds);
        case 1: return tile<1, WIDTH>(a, b, pairs, c, c_row, adds);
    }
}

// c = a b, or c += a b: rows × 2 pairs times 2 pairs × width, a multiple of LANES.
void multiply(Left a, Right b, int64_t rows, int64_t pairs, int64_t width, float* c, int64_t c_row, bool adds) {
    int64_t n = 0;
    for (; n + 4 * LANES <= width; n += 4 * LANES)
        columns<4>(a, {b.at + n, b.row}, rows, pairs, c + n, c_row, adds);
    const Right rest = {b.at + n, b.row};
    switch ((width - n) / LANES) {
        case 3: return columns<3>(a, rest, rows, pairs, c + n, c_row, adds);
        case 2: return columns<2>(a, rest, rows, pairs, c + n, c_row, adds);
        case 1: return columns<1>(a, rest, rows, pairs, c + n, c_row, adds);
    }
}

// Pairs of numbers that follow each other down a column: ⌈positions / 2⌉ × width.
void pair_positions(const uint16_t* from, int64_t stride, int64_t positions, int64_t width, uint32_t* to) {
    for (int64_t s = 0; s < positions; s += 2, to += width)
        for (int64_t i = 0; i < width; i += LANES) {
            const uint16_t* at = from + s * stride + i;
            __m512i even = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i*)at)), odd = {};
            if (s + 1 < positions)
                odd = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i*)(at + stride)));
            _mm512_storeu_si512(to + i, _mm512_or_si512(even, _mm512_slli_epi32(odd, 16)));
        }
}

// Pairs of numbers that follow each other in a row, turned round: width / 2 × `length`.
void turn_positions(const uint16_t* from, int64_t stride, int64_t positions, int64_t width, uint32_t* to,
                    int64_t length) {
    const __m512i steps = _mm512_mullo_epi32(
        _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0), _mm512_set1_epi32(int(stride)));
    for (int64_t s = 0; s < positions; s += LANES) {
        const int64_t left = positions - s;
        const __mmask16 there = left >= LANES ? 0xffff : (1u << left) - 1;
        for (int64_t i = 0; i < width / 2; ++i)
            _mm512_storeu_si512(to + i * length + s,
                                _mm512_mask_i32gather_epi32(__m512i{}, there, steps, from + s * stride + 2 * i, 2));
    }
}

// 2ˣ for x up to 0, to 2 units in the last place; nothing below 2⁻¹²⁷ (Cephes).
__m512 power_of_two(__m512 x) {
    x = _mm512_max_ps(_mm512_set1_ps(-127.0f), x);  // in this order NaN stays NaN
    const __m512 n = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const __m512 f = _mm512_sub_ps(x, n);
    __m512 p = _mm512_set1_ps(1.535336188e-4f);
    for (float coefficient : {1.339887440e-3f, 9.618437358e-3f, 5.550332471e-2f, 2.402264791e-1f,
                              6.931472029e-1f, 1.0f})
        p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(coefficient));
    return _mm512_scalef_ps(p, n);
}

// Sixteen numbers of two rows as bfloat16: the first row's, then the second's.
__m512i narrow(__m512 first, __m512 second) { return (__m512i)_mm512_cvtne2ps_pbh(second, first); }

// The same as pairs: first and second of each column.
__m512i interleave(__m512i rows) {
    alignas(64) static constexpr uint16_t ORDER[32] = {0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
                                                      8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    return _mm512_permutexvar_epi16(_mm512_load_si512(ORDER), rows);
}

void store_rounded(const float* from, float factor, int64_t width, uint16_t* to) {
    for (int64_t i = 0; i < width; i += LANES) {
        const __m512 value = _mm512_mul_ps(_mm512_loadu_ps(from + i), _mm512_set1_ps(factor));
        _mm256_storeu_si256((__m256i*)(to + i), (__m256i)_mm512_cvtneps_pbh(value));
    }
}

// What one thread needs for the heads that share keys and values.
struct Group {
    const Attention& of;
    const int64_t b, g, width, padded_slots;
    const float scale;   // 1 / √d, for exponents of 2
    std::vector<uint32_t> turned_keys, paired_keys, turned_values, paired_values;

    Group(const Attention& attention, int64_t batch, int64_t group)
        : of(attention), b(batch), g(group), width(of.width),
          padded_slots((of.slots + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT),
          scale(1.44269504f / std::sqrt(float(of.width))) {}

    std::vector<uint32_t> paired(const Rows& rows) const {
        std::vector<uint32_t> pairs(padded_slots / 2 * width);
        pair_positions(rows.of(b, g), rows.position, of.slots, width, pairs.data());
        return pairs;
    }
    std::vector<uint32_t> turned(const Rows& rows) const {
        std::vector<uint32_t> pairs(width / 2 * padded_slots);
        turn_positions(rows.of(b, g), rows.position, of.slots, width, pairs.data(), padded_slots);
        return pairs;
    }

    const uint8_t* mask(int64_t query) const { return of.mask + b * of.mask_batch + query * of.mask_query; }

    // Which of sixteen slots a query sees.
    __mmask16 sees(int64_t query, int64_t slot) const {
        const int64_t end = of.mask ? of.slots : query + 1;
        if (slot >= end) return 0;
        const __mmask16 there = end - slot >= LANES ? 0xffff : (1u << (end - slot)) - 1;
        if (!of.mask) return there;
        const __m128i bytes = _mm_maskz_loadu_epi8(there, mask(query) + slot);
        return _mm_test_epi8_mask(bytes, bytes);
    }

    // Slots that any of some queries sees, on multiples of ALIGNMENT.
    Span seen(int64_t first, int64_t queries) const {
        int64_t from = 0, to = first + queries;
        if (of.mask) {
            from = of.slots, to = 0;
            for (int64_t t = first; t < first + queries; ++t) {
                int64_t slot = 0;
                while (slot < from && !sees(t, slot)) slot += LANES;
                from = std::min(from, slot);
                slot = of.slots;
                while (slot > to && !sees(t, (slot - 1) / LANES * LANES)) slot = (slot - 1) / LANES * LANES;
                to = std::max(to, slot);
            }
        }
        return {from / ALIGNMENT * ALIGNMENT, (to + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT};
    }
};

struct Forward : Group {
    std::vector<float> scores, mixed;
    std::vector<uint16_t> weights;

    Forward(const Attention& attention, int64_t batch, int64_t group) : Group(attention, batch, group) {
        turned_keys = turned(of.k), paired_values = paired(of.v);
        scores.resize(BLOCK * padded_slots), weights.resize(BLOCK * padded_slots), mixed.resize(BLOCK * width);
        const int64_t share = of.heads / of.groups;
        for (int64_t h = g * share; h < (g + 1) * share; ++h)
            for (int64_t first = 0; first < of.queries; first += BLOCK)
                block(h, first, std::min(BLOCK, of.queries - first));
    }

    void block(int64_t h, int64_t first, int64_t queries) {
        const Span span = seen(first, queries);
        const int64_t length = std::max<int64_t>(0, span.to - span.from);
        const uint16_t* q = of.q.of(b, h) + first * of.q.position;
        multiply({q, of.q.position, 2}, {turned_keys.data() + span.from, padded_slots}, queries, width / 2, length,
                 scores.data(), padded_slots, false);
        float factors[BLOCK];
        for (int64_t t = 0; t < queries; ++t) factors[t] = weigh(h, first + t, span, t * padded_slots);
        multiply({weights.data(), padded_slots, 2}, {paired_values.data() + span.from / 2 * width, width}, queries,
                 length / 2, width, mixed.data(), width, false);
        for (int64_t t = 0; t < queries; ++t)
            store_rounded(mixed.data() + t * width, factors[t], width,
                          of.out.of(b, h) + (first + t) * of.out.position);
    }

    // Turn scores into exponentials; return what divides them by their sum.
    float weigh(int64_t h, int64_t query, Span span, int64_t at) {
        const float* row = scores.data() + at;
        const float lowest = -std::numeric_limits<float>::max();
        __m512 most = _mm512_set1_ps(lowest);
        for (int64_t s = span.from; s < span.to; s += LANES)
            most = _mm512_max_ps(most, _mm512_mask_loadu_ps(_mm512_set1_ps(lowest), sees(query, s), row + s - span.from));
        const float largest = _mm512_reduce_max_ps(most);
        const __m512 offset = _mm512_set1_ps(largest * scale);
        __m512 sums = {};
        for (int64_t s = span.from; s < span.to; s += LANES) {
            const __m512 x = _mm512_fmsub_ps(_mm512_loadu_ps(row + s - span.from), _mm512_set1_ps(scale), offset);
            const __m512 weight = _mm512_maskz_mov_ps(sees(query, s), power_of_two(x));
            sums = _mm512_add_ps(sums, weight);
            _mm256_storeu_si256((__m256i*)(weights.data() + at + s - span.from), (__m256i)_mm512_cvtneps_pbh(weight));
        }
        const float sum = _mm512_reduce_add_ps(sums);
        const bool nothing = largest == lowest;
        of.log_sums[(b * of.heads + h) * of.queries + query] = nothing ? NOTHING_SEEN : largest * scale + std::log2(sum);
        return nothing ? 0.0f : 1.0f / sum;
    }
};

struct Backward : Group {
    std::vector<uint32_t> paired_queries, paired_grads;           // BLOCK / 2 × width
    std::vector<float> scores, grad_weights;                      // BLOCK × SPAN
    std::vector<uint32_t> paired_weights, paired_grad_scores;     // BLOCK / 2 × SPAN
    std::vector<uint16_t> grad_scores;                            // BLOCK × SPAN
    std::vector<float> grad_q, grad_k, grad_v;

    Backward(const Attention& attention, int64_t batch, int64_t group)
        : Group(attention, batch, group), paired_queries(BLOCK / 2 * width), paired_grads(BLOCK / 2 * width),
          scores(BLOCK * SPAN), grad_weights(BLOCK * SPAN), paired_weights(BLOCK / 2 * SPAN),
          paired_grad_scores(BLOCK / 2 * SPAN), grad_scores(BLOCK * SPAN), grad_q(BLOCK * width),
          grad_k(padded_slots * width), grad_v(padded_slots * width) {
        turned_keys = turned(of.k), turned_values = turned(of.v), paired_keys = paired(of.k);
        const int64_t share = of.heads / of.groups;
        for (int64_t h = g * share; h < (g + 1) * share; ++h)
            for (int64_t first = 0; first < of.queries; first += BLOCK)
                block(h, first, std::min(BLOCK, of.queries - first));
        for (int64_t s = 0; s < of.slots; ++s) {
            store_rounded(&grad_k[s * width], root(), width, of.gradient_k.of(b, g) + s * of.gradient_k.position);
            store_rounded(&grad_v[s * width], 1.0f, width, of.gradient_v.of(b, g) + s * of.gradient_v.position);
        }
    }

    float root() const { return 1.0f / std::sqrt(float(width)); }

    void block(int64_t h, int64_t first, int64_t queries) {
        const uint16_t* q = of.q.of(b, h) + first * of.q.position;
        const uint16_t* grad = of.gradient_out.of(b, h) + first * of.gradient_out.position;
        pair_positions(q, of.q.position, queries, width, paired_queries.data());
        pair_positions(grad, of.gradient_out.position, queries, width, paired_grads.data());
        float shares[BLOCK];
        for (int64_t t = 0; t < queries; ++t)
            shares[t] = dot(grad + t * of.gradient_out.position, of.out.of(b, h) + (first + t) * of.out.position);
        std::fill(grad_q.begin(), grad_q.end(), 0.0f);
        const Span span = seen(first, queries);
        for (int64_t from = span.from; from < span.to; from += SPAN) {
            const int64_t length = std::min(SPAN, span.to - from), pairs = (queries + 1) / 2;
            multiply({q, of.q.position, 2}, {&turned_keys[from], padded_slots}, queries, width / 2, length,
                     scores.data(), SPAN, false);
            multiply({grad, of.gradient_out.position, 2}, {&turned_values[from], padded_slots}, queries, width / 2,
                     length, grad_weights.data(), SPAN, false);
            for (int64_t t = 0; t < queries; t += 2) differentiate(h, first + t, t, queries, from, length, shares);
            const Left weights = {(const uint16_t*)paired_weights.data(), 2, 2 * SPAN};
            multiply(weights, {paired_grads.data(), width}, length, pairs, width, &grad_v[from * width], width, true);
            const Left turned = {(const uint16_t*)paired_grad_scores.data(), 2, 2 * SPAN};
            multiply(turned, {paired_queries.data(), width}, length, pairs, width, &grad_k[from * width], width, true);
            multiply({grad_scores.data(), SPAN, 2}, {&paired_keys[from / 2 * width], width}, queries, length / 2,
                     width, grad_q.data(), width, true);
        }
        for (int64_t t = 0; t < queries; ++t)
            store_rounded(&grad_q[t * width], root(), width, of.gradient_q.of(b, h) + (first + t) * of.gradient_q.position);
    }

    float dot(const uint16_t* a, const uint16_t* c) const {
        __m512 sum = {};
        for (int64_t i = 0; i < width; i += LANES) sum = _mm512_fmadd_ps(wide(a + i), wide(c + i), sum);
        return _mm512_reduce_add_ps(sum);
    }
    static __m512 wide(const uint16_t* at) {
        return (__m512)_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i*)at)), 16);
    }

    // Weights P and gradients of the scores P ∘ (dP − D) of two queries; a second one that is not there
    // has none.
    void differentiate(int64_t h, int64_t query, int64_t t, int64_t queries, int64_t from, int64_t length,
                       const float* shares) {
        const float* log_sums = of.log_sums + (b * of.heads + h) * of.queries + query;
        for (int64_t s = 0; s < length; s += LANES) {
            __m512 weights[2] = {}, grads[2] = {};
            for (int64_t each = 0; each < std::min<int64_t>(2, queries - t); ++each) {
                const int64_t at = (t + each) * SPAN + s;
                const __m512 x = _mm512_fmsub_ps(_mm512_loadu_ps(&scores[at]), _mm512_set1_ps(scale),
                                                 _mm512_set1_ps(log_sums[each]));
                weights[each] = _mm512_maskz_mov_ps(sees(query + each, from + s), power_of_two(x));
                const __m512 grad = _mm512_sub_ps(_mm512_loadu_ps(&grad_weights[at]), _mm512_set1_ps(shares[t + each]));
                grads[each] = _mm512_mul_ps(weights[each], grad);
            }
            const __m512i rows = narrow(grads[0], grads[1]);
            _mm256_storeu_si256((__m256i*)&grad_scores[t * SPAN + s], _mm512_castsi512_si256(rows));
            _mm256_storeu_si256((__m256i*)&grad_scores[(t + 1) * SPAN + s], _mm512_extracti64x4_epi64(rows, 1));
            _mm512_storeu_si512(&paired_grad_scores[t / 2 * SPAN + s], interleave(rows));
            _mm512_storeu_si512(&paired_weights[t / 2 * SPAN + s], interleave(narrow(weights[0], weights[1])));
        }
    }
};

template <class Pass>
void run(const Attention& attention) {
    const int64_t all = attention.batch * attention.groups;
#pragma omp parallel for num_threads(int(attention.threads)) schedule(dynamic)
    for (int64_t i = 0; i < all; ++i) Pass(attention, i / attention.groups, i % attention.groups);
}

}  // namespace
#endif

extern "C" {

// Return the bytes of Attention; 0 where the processor lacks the instructions, and nothing is done.
int64_t fledge_attention_size() {
#ifdef HAS_BFLOAT16_PRODUCTS
    return sizeof(Attention);
#else
    return 0;
#endif
}

void fledge_attend([[maybe_unused]] const Attention* attention) {
#ifdef HAS_BFLOAT16_PRODUCTS
    run<Forward>(*attention);
#endif
}

void fledge_attend_backward([[maybe_unused]] const Attention* attention) {
#ifdef HAS_BFLOAT16_PRODUCTS
    run<Backward>(*attention);
#endif
}
}
