from setuptools import setup

setup(cffi_modules=["laiobench/native/build.py:ffibuilder"])
