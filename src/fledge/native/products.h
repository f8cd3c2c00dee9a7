// Products of weights and rows of inputs, in the number format of the weights.
//
// Every output is one dot product, summed in an order that depends neither on the number of rows nor
// on that of threads: a row's numbers are the same in any company, bit for bit.

#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>
#ifdef __AVX512F__
#include <immintrin.h>
#endif
#if defined(__AVX512BF16__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#define HAS_BFLOAT16_PRODUCTS
#endif
#if defined(__AVX512VNNI__) && defined(__AVX512BW__)
#define HAS_INT16_PRODUCTS
#endif

enum Format : int64_t { FLOAT32 = 0, BFLOAT16 = 1, INT8 = 2 };

struct Matrix {
    const void* weight;  // outputs × inputs, row by row; null: no matrix
    const float* scale;  // one for each output; null but for INT8
    const float* bias;   // null: none
    int64_t format, outputs, inputs;
};

namespace {

constexpr int LANES = 16;
constexpr int TILE = 4;                 // rows and outputs of the products that are summed at a time
constexpr int64_t PADDING = 32;         // inputs are padded with zeros to a multiple
constexpr int64_t PANEL_BYTES = 24576;  // weights that stay in the first cache while all rows pass
constexpr int64_t LINE = 64;            // bytes of a cache line

int64_t padded(int64_t length) { return (length + PADDING - 1) / PADDING * PADDING; }

typedef float Lanes __attribute__((vector_size(sizeof(float) * LANES)));

Lanes load(const float* from) {
    Lanes lanes;
    std::memcpy(&lanes, from, sizeof lanes);
    return lanes;
}

// Add up each of four sums.
void totals(const Lanes* sums, float* result) {
#ifdef __AVX512DQ__
    // Transposed on the way: a third of the work of one sum after another.
    auto a = (__m512)sums[0], b = (__m512)sums[1], c = (__m512)sums[2], d = (__m512)sums[3];
    a = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
    c = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
    a = _mm512_add_ps(_mm512_shuffle_ps(a, c, 0x44), _mm512_shuffle_ps(a, c, 0xee));
    __m256 half = _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
    _mm_storeu_ps(result, _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1)));
#else
    for (int each = 0; each < 4; ++each) {
        float lanes[LANES];
        std::memcpy(lanes, &sums[each], sizeof lanes);
        for (int width = LANES / 2; width > 0; width /= 2)
            for (int lane = 0; lane < width; ++lane) lanes[lane] += lanes[lane + width];
        result[each] = lanes[0];
    }
#endif
}

float from_bfloat16(uint16_t value) {
    uint32_t bits = uint32_t(value) << 16;
    float result;
    std::memcpy(&result, &bits, sizeof result);
    return result;
}

float element(const Matrix& matrix, int64_t row, int64_t column) {
    int64_t at = row * matrix.inputs + column;
    if (matrix.format == FLOAT32) return static_cast<const float*>(matrix.weight)[at];
    if (matrix.format == BFLOAT16) return from_bfloat16(static_cast<const uint16_t*>(matrix.weight)[at]);
    return static_cast<const int8_t*>(matrix.weight)[at] * matrix.scale[row];
}

// Products of float32, and of narrower weights where the processor has no instruction for them.
struct Float32 {
    using Weight = float;
    using Input = float;
    using Sum = Lanes;
    static constexpr int STEP = LANES;
    static constexpr Format FORMAT = FLOAT32;

    static void add(Sum& sum, const float* weight, const float* x) { sum += load(weight) * load(x); }
    static Lanes lanes(const Sum& sum) { return sum; }
    // Write a row as the input of a product; return the factor that undoes its scaling.
    static float narrow(float* to, const float* from, int64_t length) {
        std::copy(from, from + length, to);
        return 1.0f;
    }
    static void copy(float* to, const Matrix& matrix, int64_t row) {
        const int64_t length = matrix.inputs;
        if (matrix.format == BFLOAT16) {
            auto from = static_cast<const uint16_t*>(matrix.weight) + row * length;
            for (int64_t i = 0; i < length; ++i) to[i] = from_bfloat16(from[i]);
        } else if (matrix.format == INT8) {
            auto from = static_cast<const int8_t*>(matrix.weight) + row * length;
            for (int64_t i = 0; i < length; ++i) to[i] = from[i];
        } else {
            std::copy_n(static_cast<const float*>(matrix.weight) + row * length, length, to);
        }
    }
};

#ifdef HAS_BFLOAT16_PRODUCTS
// Products of bfloat16 with sums in float32; the inputs are rounded, as torch rounds them.
struct BFloat16 {
    using Weight = uint16_t;
    using Input = uint16_t;
    using Sum = Lanes;
    static constexpr int STEP = 2 * LANES;
    static constexpr Format FORMAT = BFLOAT16;

    static void add(Sum& sum, const uint16_t* weight, const uint16_t* x) {
        sum = (Lanes)_mm512_dpbf16_ps((__m512)sum, (__m512bh)_mm512_loadu_si512(weight),
                                      (__m512bh)_mm512_loadu_si512(x));
    }
    static Lanes lanes(const Sum& sum) { return sum; }
    static float narrow(uint16_t* to, const float* from, int64_t length) {
        for (int64_t i = 0; i < length; i += LANES) {
            __mmask16 mask = length - i >= LANES ? 0xffff : (1u << (length - i)) - 1;
            __m256bh rounded = _mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(mask, from + i));
            _mm256_mask_storeu_epi16(to + i, mask, (__m256i)rounded);
        }
        return 1.0f;
    }
    static void copy(uint16_t* to, const Matrix& matrix, int64_t row) {
        const int64_t length = matrix.inputs;
        if (matrix.format == BFLOAT16) {
            std::copy_n(static_cast<const uint16_t*>(matrix.weight) + row * length, length, to);
            return;
        }
        auto from = static_cast<const int8_t*>(matrix.weight) + row * length;
        int64_t i = 0;
        for (; i + LANES <= length; i += LANES) {
            __m512i wide = _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i*)(from + i)));
            __m256bh exact = _mm512_cvtneps_pbh(_mm512_cvtepi32_ps(wide));  // 8 significant bits
            _mm256_storeu_si256((__m256i*)(to + i), (__m256i)exact);
        }
        for (; i < length; ++i) {
            const float value = from[i];
            narrow(to + i, &value, 1);
        }
    }
};
#endif

#ifdef HAS_INT16_PRODUCTS
// Products of 8-bit weights with inputs in 16 bits, which is finer than bfloat16; exact sums.
struct Int8 {
    using Weight = int8_t;
    using Input = int16_t;
    using Sum = __m512i;
    static constexpr int STEP = 2 * LANES;
    static constexpr Format FORMAT = INT8;

    static void add(Sum& sum, const int8_t* weight, const int16_t* x) {
        __m512i wide = _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i*)weight));
        sum = _mm512_dpwssd_epi32(sum, wide, _mm512_loadu_si512(x));
    }
    static Lanes lanes(const Sum& sum) { return (Lanes)_mm512_cvtepi32_ps(sum); }
    static float narrow(int16_t* to, const float* from, int64_t length) {
        float largest = 0, spoiled = 0;
#pragma omp simd reduction(max : largest) reduction(+ : spoiled)
        for (int64_t i = 0; i < length; ++i) {
            largest = std::max(largest, std::fabs(from[i]));
            spoiled += from[i] * 0;  // NaN and infinity have no place in 16 bits
        }
        // No lane of a sum, which has one product in LANES, outgrows 32 bits.
        const int64_t room = std::numeric_limits<int32_t>::max() / 127 / (padded(length) / LANES);
        const float levels = float(std::min<int64_t>(std::numeric_limits<int16_t>::max(), room));
        const float factor = largest > 0 && spoiled == 0 ? levels / largest : 0;
        for (int64_t i = 0; i < length; ++i) to[i] = int16_t(std::nearbyint(from[i] * factor));
        return largest / levels + spoiled;
    }
    static void copy(int8_t* to, const Matrix& matrix, int64_t row) {
        std::copy_n(static_cast<const int8_t*>(matrix.weight) + row * matrix.inputs, matrix.inputs, to);
    }
};
#endif

// Rows of inputs, each padded with zeros; a row's product with a weight counts `scale` times.
template <class Arithmetic>
struct Inputs {
    typename Arithmetic::Input* values;
    float* scales;
    int64_t rows;

    void set(int64_t row, const float* from, int64_t length) {
        auto to = values + row * padded(length);
        scales[row] = Arithmetic::narrow(to, from, length);
        std::fill(to + length, to + padded(length), typename Arithmetic::Input(0));
    }
};

template <class Arithmetic, int ROWS>
void tile(const typename Arithmetic::Weight* weight, int64_t weight_stride,
          const typename Arithmetic::Input* x, int64_t x_stride, int64_t length, float (*result)[TILE]) {
    typename Arithmetic::Sum sums[ROWS][TILE] = {};
    for (int64_t k = 0; k < length; k += Arithmetic::STEP)
        for (int output = 0; output < TILE; ++output)
            for (int row = 0; row < ROWS; ++row)
                Arithmetic::add(sums[row][output], weight + output * weight_stride + k,
                                x + row * x_stride + k);
    for (int row = 0; row < ROWS; ++row) {
        Lanes lanes[TILE];
        for (int output = 0; output < TILE; ++output) lanes[output] = Arithmetic::lanes(sums[row][output]);
        totals(lanes, result[row]);
    }
}

// Scale sums, add biases, and store up to TILE outputs of a row from `column` on, or add them to y.
inline void finish(const Matrix& matrix, float* sums, float scale, int64_t column, int64_t width,
                   float* y, bool adds) {
    float added[TILE] = {};
    for (int64_t i = 0; i < width; ++i) {
        if (matrix.scale) sums[i] *= matrix.scale[column + i];
        if (matrix.bias) added[i] = matrix.bias[column + i];
    }
    for (int64_t i = 0; i < TILE; ++i) sums[i] = sums[i] * scale + added[i];
    if (adds)
        for (int64_t i = 0; i < width; ++i) y[i] += sums[i];
    else
        for (int64_t i = 0; i < width; ++i) y[i] = sums[i];
}

// Compute outputs `first` … `last` of y = W x + b for all rows, or add them to y.
template <class Arithmetic>
void product(const Matrix& matrix, const Inputs<Arithmetic>& x, int64_t first, int64_t last, float* y,
             bool adds) {
    using Weight = typename Arithmetic::Weight;
    constexpr decltype(&tile<Arithmetic, 1>) tiles[TILE] = {tile<Arithmetic, 1>, tile<Arithmetic, 2>,
                                                             tile<Arithmetic, 3>, tile<Arithmetic, 4>};
    const int64_t length = padded(matrix.inputs);
    const int64_t row_bytes = matrix.inputs * (matrix.format == INT8 ? 1 : matrix.format == BFLOAT16 ? 2 : 4);
    const int64_t fitting = PANEL_BYTES / (length * int64_t(sizeof(Weight)));
    const int64_t panel = std::max<int64_t>(1, fitting / TILE) * TILE;
    const bool is_direct = matrix.format == Arithmetic::FORMAT && matrix.inputs % Arithmetic::STEP == 0;
    static thread_local std::vector<Weight> copies;
    copies.resize(panel * length);
    for (int64_t output = first; output < last; output += panel) {
        const int64_t outputs = std::min(panel, last - output);
        // Whole tiles are read in place, the rest from padded copies.
        const int64_t direct = is_direct ? outputs / TILE * TILE : 0;
        for (int64_t each = direct; each < outputs; ++each) {
            Weight* to = copies.data() + each * length;
            Arithmetic::copy(to, matrix, output + each);
            std::fill(to + matrix.inputs, to + length, Weight(0));
        }
        const char* next = static_cast<const char*>(matrix.weight) + (output + outputs) * row_bytes;
        const int64_t ahead = std::min(panel, last - output - outputs) * row_bytes;
        for (int64_t row = 0; row < x.rows; row += TILE) {
            const int64_t rows = std::min<int64_t>(TILE, x.rows - row);
            // The next weights travel from memory while these are multiplied.
            for (int64_t byte = ahead * row / x.rows / LINE * LINE; byte < ahead * (row + rows) / x.rows;
                 byte += LINE)
                __builtin_prefetch(next + byte);
            for (int64_t at = 0; at < outputs; at += TILE) {
                const bool in_place = at < direct;
                const int64_t stride = in_place ? matrix.inputs : length;
                const Weight* weight = in_place
                    ? static_cast<const Weight*>(matrix.weight) + (output + at) * stride
                    : copies.data() + at * stride;
                float result[TILE][TILE];
                tiles[rows - 1](weight, stride, x.values + row * length, length, stride, result);
                const int64_t column = output + at, width = std::min<int64_t>(TILE, outputs - at);
                for (int64_t r = 0; r < rows; ++r)
                    finish(matrix, result[r], x.scales[row + r], column, width,
                           y + (row + r) * matrix.outputs + column, adds);
            }
        }
    }
}

}  // namespace
