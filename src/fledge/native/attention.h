// Attention of some queries to a chunk of slots, and the softmax over all chunks.
//
// What one query gets depends neither on the other queries nor on how many there are, bit for bit.

#pragma once

#include "products.h"

namespace {

constexpr int64_t CHUNK = 64;  // slots whose keys and values stay in the first cache

// eˣ to 2 units in the last place, without a branch, so that compilers vectorise loops of it (Cephes).
inline float exponential(float x) {
    x = x < -87.0f ? -87.0f : x > 88.0f ? 88.0f : x;  // NaN stays NaN
    const float n = std::nearbyint(x * 1.44269504f);
    const float r = x - n * 0.693359375f + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    const int32_t bits = (int32_t(n) + 127) << 23;
    float power;
    std::memcpy(&power, &bits, sizeof power);
    return p * power;
}

// Softmax of one query over the chunks that it has seen: the largest score, the sum of exponentials
// and the weighted sum of values (online softmax, Milakov and Gimelshein 2018, arXiv:1805.02867).
struct Partial {
    float *largest, *sum, *mixed;

    // Turn the first `seen` scores of a chunk into weights, the others into none, and what was summed
    // before into their scale.
    void weigh(float* scores, int64_t seen, int64_t width) const {
        std::fill(scores + seen, scores + CHUNK, -std::numeric_limits<float>::max());
        Lanes best = load(scores), sums = {};
        for (int64_t i = LANES; i < CHUNK; i += LANES) {
            const Lanes other = load(scores + i);
            best = other > best ? other : best;
        }
        float most = *largest, more = 0;
        for (int lane = 0; lane < LANES; ++lane) most = std::max(most, best[lane]);
        for (int64_t i = 0; i < CHUNK; ++i) scores[i] = exponential(scores[i] - most);
        std::fill(scores + seen, scores + CHUNK, 0.0f);
        for (int64_t i = 0; i < CHUNK; i += LANES) sums += load(scores + i);
        for (int lane = 0; lane < LANES; ++lane) more += sums[lane];
        const float factor = exponential(*largest - most);
        *sum = *sum * factor + more;
        for (int64_t i = 0; i < width; ++i) mixed[i] *= factor;
        *largest = most;
    }
};

// Scores of QUERIES queries against `count` keys, `stride` apart: their dot products.
template <int QUERIES>
void score(const float* const* queries, const float* keys, int64_t stride, int64_t count, int64_t width,
           float (*scores)[CHUNK]) {
    for (int64_t slot = 0; slot < count; slot += 4) {
        // At the end the last key is taken again, so that every sum has the same order.
        const float* key[4];
        for (int64_t k = 0; k < 4; ++k) key[k] = keys + std::min(slot + k, count - 1) * stride;
        Lanes sums[QUERIES][4] = {};
        int64_t i = 0;
        for (; i + LANES <= width; i += LANES)
            for (int k = 0; k < 4; ++k)
                for (int q = 0; q < QUERIES; ++q) sums[q][k] += load(queries[q] + i) * load(key[k] + i);
        for (int q = 0; q < QUERIES; ++q) {
            float four[4];
            totals(sums[q], four);
            for (int64_t j = i; j < width; ++j)
                for (int k = 0; k < 4; ++k) four[k] += queries[q][j] * key[k][j];
            for (int64_t k = 0; k < std::min<int64_t>(4, count - slot); ++k) scores[q][slot + k] = four[k];
        }
    }
}

// Add to dimensions `from` … of QUERIES results the values, `stride` apart, each times its weight.
template <int QUERIES, int WIDTH>
void mix_lanes(const float (*weights)[CHUNK], const float* values, int64_t stride, int64_t count,
               int64_t from, float* const* results) {
    Lanes sums[QUERIES][WIDTH];
    for (int q = 0; q < QUERIES; ++q)
        for (int j = 0; j < WIDTH; ++j) sums[q][j] = load(results[q] + from + j * LANES);
    for (int64_t slot = 0; slot < count; ++slot)
        for (int j = 0; j < WIDTH; ++j) {
            const Lanes value = load(values + slot * stride + from + j * LANES);
            for (int q = 0; q < QUERIES; ++q) sums[q][j] += weights[q][slot] * value;
        }
    for (int q = 0; q < QUERIES; ++q)
        std::memcpy(results[q] + from, sums[q], sizeof sums[q]);
}

template <int QUERIES>
void mix(const float (*weights)[CHUNK], const float* values, int64_t stride, int64_t count, int64_t width,
         float* const* results) {
    int64_t i = 0;
    for (; i + 4 * LANES <= width; i += 4 * LANES)
        mix_lanes<QUERIES, 4>(weights, values, stride, count, i, results);
    for (; i + LANES <= width; i += LANES)
        mix_lanes<QUERIES, 1>(weights, values, stride, count, i, results);
    for (int q = 0; q < QUERIES; ++q)
        for (int64_t slot = 0; slot < count; ++slot)
            for (int64_t j = i; j < width; ++j) results[q][j] += weights[q][slot] * values[slot * stride + j];
}

// Up to CHUNK neighbouring slots of one group of heads, and the queries that attend to them. Three kinds
// share one interface: `expect` so many queries, `set_query`, `set_slots`, and for some queries from
// `first` on `score` and `mix`.

// Read where they lie: for the one query of each head while a text is written.
struct InPlace {
    std::vector<const float*> queries;
    const float *keys, *values;
    int64_t stride, count;

    void expect(int64_t number, int64_t) { queries.resize(number); }
    void set_query(int64_t q, const float* from, int64_t) { queries[q] = from; }
    void set_slots(const float* k, const float* v, int64_t apart, int64_t number, int64_t) {
        keys = k, values = v, stride = apart, count = number;
    }
    template <int QUERIES>
    void score(int64_t first, int64_t width, float (*scores)[CHUNK]) const {
        ::score<QUERIES>(queries.data() + first, keys, stride, count, width, scores);
    }
    template <int QUERIES>
    void mix(const float (*weights)[CHUNK], int64_t width, float* const* results) const {
        ::mix<QUERIES>(weights, values, stride, count, width, results);
    }
};

// With keys turned round, width × CHUNK: no sum of a score runs across lanes, which pays where many
// queries meet the same keys.
struct Turned : InPlace {
    std::vector<float> turned;

    void set_slots(const float* k, const float* v, int64_t apart, int64_t number, int64_t width) {
        InPlace::set_slots(k, v, apart, number, width);
        turned.resize(width * CHUNK);
        for (int64_t i = 0; i < width; ++i)
            for (int64_t slot = 0; slot < number; ++slot) turned[i * CHUNK + slot] = k[slot * apart + i];
    }
    template <int QUERIES>
    void score(int64_t first, int64_t width, float (*scores)[CHUNK]) const {
        constexpr int WIDTH = CHUNK / LANES;
        Lanes sums[QUERIES][WIDTH] = {};
        for (int64_t i = 0; i < width; ++i)
            for (int j = 0; j < WIDTH; ++j) {
                const Lanes key = load(turned.data() + i * CHUNK + j * LANES);
                for (int q = 0; q < QUERIES; ++q) sums[q][j] += queries[first + q][i] * key;
            }
        std::memcpy(scores, sums, sizeof sums);
    }
};

#ifdef HAS_BFLOAT16_PRODUCTS
// Turned and rounded to bfloat16, with sums in float32. An instruction multiplies pairs: of neighbours
// in the width for scores, of neighbouring slots for mixtures. The width is a multiple of LANES.
struct Rounded {
    std::vector<uint16_t> queries;        // queries × d
    std::vector<uint32_t> keys, values;   // pairs: d / 2 × CHUNK and CHUNK / 2 × d
    int64_t count;

    static __m256i round(const float* from) { return (__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(from)); }
    static __m512bh pairs(const uint32_t* at) { return (__m512bh)_mm512_loadu_si512(at); }
    static __m512bh everywhere(const uint16_t* pair) {
        int32_t both;
        std::memcpy(&both, pair, sizeof both);
        return (__m512bh)_mm512_set1_epi32(both);
    }

    void expect(int64_t number, int64_t width) { queries.resize(number * width); }
    void set_query(int64_t q, const float* from, int64_t width) {
        for (int64_t i = 0; i < width; i += LANES)
            _mm256_storeu_si256((__m256i*)(queries.data() + q * width + i), round(from + i));
    }

    void set_slots(const float* k, const float* v, int64_t apart, int64_t number, int64_t width) {
        keys.resize(width / 2 * CHUNK), values.resize(CHUNK / 2 * width), count = number;
        // Weights of slots that nobody sees are zero, and zero times what lay there may be no number.
        if (number < CHUNK) std::fill(values.begin(), values.end(), 0);
        for (int64_t slot = 0; slot < number; ++slot)
            for (int64_t i = 0; i < width; i += LANES) {
                uint32_t pair[LANES / 2];
                _mm256_storeu_si256((__m256i*)pair, round(k + slot * apart + i));
                for (int64_t j = 0; j < LANES / 2; ++j) keys[(i / 2 + j) * CHUNK + slot] = pair[j];
            }
        for (int64_t slot = 0; slot < number; slot += 2)
            for (int64_t i = 0; i < width; i += LANES) {
                __m512i even = _mm512_cvtepu16_epi32(round(v + slot * apart + i)), odd = {};
                if (slot + 1 < number) odd = _mm512_cvtepu16_epi32(round(v + (slot + 1) * apart + i));
                odd = _mm512_slli_epi32(odd, 16);
                _mm512_storeu_si512(values.data() + slot / 2 * width + i, _mm512_or_si512(even, odd));
            }
    }

    template <int QUERIES>
    void score(int64_t first, int64_t width, float (*scores)[CHUNK]) const {
        constexpr int WIDTH = CHUNK / LANES;
        __m512 sums[QUERIES][WIDTH] = {};
        for (int64_t i = 0; i < width; i += 2)
            for (int j = 0; j < WIDTH; ++j) {
                const __m512bh key = pairs(keys.data() + i / 2 * CHUNK + j * LANES);
                for (int q = 0; q < QUERIES; ++q) {
                    const uint16_t* query = queries.data() + (first + q) * width + i;
                    sums[q][j] = _mm512_dpbf16_ps(sums[q][j], key, everywhere(query));
                }
            }
        std::memcpy(scores, sums, sizeof sums);
    }

    template <int QUERIES>
    void mix(const float (*weights)[CHUNK], int64_t width, float* const* results) const {
        uint16_t rounded[QUERIES][CHUNK];
        for (int q = 0; q < QUERIES; ++q)
            for (int64_t slot = 0; slot < CHUNK; slot += LANES)
                _mm256_storeu_si256((__m256i*)(rounded[q] + slot), round(weights[q] + slot));
        int64_t i = 0;
        for (; i + 4 * LANES <= width; i += 4 * LANES) mix_lanes<QUERIES, 4>(rounded, width, i, results);
        for (; i < width; i += LANES) mix_lanes<QUERIES, 1>(rounded, width, i, results);
    }

private:
    template <int QUERIES, int WIDTH>
    void mix_lanes(const uint16_t (*weights)[CHUNK], int64_t width, int64_t from,
                   float* const* results) const {
        __m512 sums[QUERIES][WIDTH];
        for (int q = 0; q < QUERIES; ++q)
            for (int j = 0; j < WIDTH; ++j) sums[q][j] = _mm512_loadu_ps(results[q] + from + j * LANES);
        for (int64_t slot = 0; slot < count; slot += 2)
            for (int j = 0; j < WIDTH; ++j) {
                const __m512bh value = pairs(values.data() + slot / 2 * width + from + j * LANES);
                for (int q = 0; q < QUERIES; ++q)
                    sums[q][j] = _mm512_dpbf16_ps(sums[q][j], value, everywhere(weights[q] + slot));
            }
        for (int q = 0; q < QUERIES; ++q)
            for (int j = 0; j < WIDTH; ++j) _mm512_storeu_ps(results[q] + from + j * LANES, sums[q][j]);
    }
};
#endif

// How prompts are read where products have this arithmetic.
template <class Arithmetic>
struct Reading {
    using Slots = Turned;
    static bool takes(int64_t) { return true; }
};
#ifdef HAS_BFLOAT16_PRODUCTS
template <>
struct Reading<BFloat16> {
    using Slots = Rounded;
    static bool takes(int64_t width) { return width % LANES == 0; }
};
#endif

}  // namespace
