"""The normal distribution and its inverse, for arrays, in double precision.

The distribution is by the C library's erfc; the inverse by M. J. Wichura's algorithm AS 241 (PPND16, Applied
Statistics 37, 1988), whose relative accuracy is about 1e-16.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from chainfusion.cashflow.pool.kernel import kernel

Floats = NDArray[np.float64]
_ROOT_HALF = math.sqrt(0.5)


def cdf(x: Floats) -> Floats:
    """The probability of a standard normal number up to each x."""
    out = np.empty(x.shape)
    _cdf_each(np.ascontiguousarray(x).reshape(-1), out.reshape(-1))
    return out


def inverse(p: Floats) -> Floats:
    """The number up to which a standard normal one lies with each probability; infinite at 0 and 1."""
    out = np.empty(p.shape)
    _inverse_each(np.ascontiguousarray(p).reshape(-1), out.reshape(-1))
    return out


@kernel
def _cdf_each(x: Floats, out: Floats) -> None:
    for i in range(len(x)):
        out[i] = 0.5 * math.erfc(-x[i] * _ROOT_HALF)


@kernel
def _inverse_each(p: Floats, out: Floats) -> None:
    for i in range(len(p)):
        out[i] = _inverse(p[i])


@kernel
def _polynomial(x: float, by_power: Floats) -> float:
    total = 0.0
    for k in range(len(by_power) - 1, -1, -1):
        total = total * x + by_power[k]
    return total


_A = np.array([
    3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
    4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3,
])  # fmt: skip
_B = np.array([
    1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3, 2.1213794301586595867e4,
    3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3,
])  # fmt: skip
_C = np.array([
    1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
    1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4,
])  # fmt: skip
_D = np.array([
    1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1, 1.48103976427480074590e-1,
    1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9,
])  # fmt: skip
_E = np.array([
    6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
    2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
])  # fmt: skip
_F = np.array([
    1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2, 7.86869131145613259100e-4,
    1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15,
])  # fmt: skip


@kernel
def _inverse(p: float) -> float:
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        return q * _polynomial(r, _A) / _polynomial(r, _B)
    r = p if q < 0.0 else 1.0 - p
    if r <= 0.0:
        return -math.inf if q < 0.0 else math.inf
    r = math.sqrt(-math.log(r))
    if r <= 5.0:
        found = _polynomial(r - 1.6, _C) / _polynomial(r - 1.6, _D)
    else:
        found = _polynomial(r - 5.0, _E) / _polynomial(r - 5.0, _F)
    return -found if q < 0.0 else found
